import { expect, test } from 'vitest'
import { directSendPayload, isNotEligible, mayBeEligible, needsWindow } from './direct-send.ts'

test('a template and Direct Send need no window, all else does', () => {
  const directSend = { category: 'utility', ttlSeconds: null } as const
  expect(needsWindow({ type: 'text' })).toBe(true)
  expect(needsWindow({ type: 'text', directSend: null })).toBe(true)
  expect(needsWindow({ type: 'text', directSend })).toBe(false)
  expect(needsWindow({ type: 'template' })).toBe(false)
})

test('the body names the category, and the time only where one is given', () => {
  expect(directSendPayload({ category: 'utility', ttlSeconds: null })).toEqual({ category: 'utility' })
  expect(directSendPayload({ category: 'utility', ttlSeconds: 60 })).toEqual({ category: 'utility', ttl_seconds: 60 })
})

test.for([
  [139_200, null, true],
  [100, 'Direct Send is not enabled for this account.', true],
  [100, 'Invalid parameter', false],
  [100, null, false],
  [131_047, 'Direct Send', false],
] as const)('error %s "%s" is about the account: %s', ([code, detail, isIt]) => {
  expect(isNotEligible({ code, detail })).toBe(isIt)
})

test('a refusal counts for a day', () => {
  const now = new Date('2026-12-01T12:00:00Z')
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
  expect([null, undefined, hoursAgo(25), hoursAgo(23)].map(at => mayBeEligible(at, now))).toEqual([true, true, true, false])
})
