import { expect, test } from 'vitest'
import { wroteFirst } from './messaging-limit.ts'

const SENT = new Date('2026-11-20T09:00:00Z')
const hours = (count: number) => new Date(SENT.getTime() + count * 3_600_000)

test.for<[string, Date | null, boolean]>([
  ['who never wrote', null, true],
  ['whose window had closed', hours(-1), true],
  ['whose window closed at that moment', SENT, true],
  ['whose window was open', hours(1), false],
  ['who had written at that moment', hours(24), false],
  ['who has written since', hours(25), true],
])('a template to somebody %s counts: %s', ([, windowExpiresAt, expected]) => {
  expect(wroteFirst(windowExpiresAt, SENT)).toBe(expected)
})
