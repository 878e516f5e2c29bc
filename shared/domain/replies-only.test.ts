import { expect, test } from 'vitest'
import { mayOnlyReply, restrictedUntil } from './replies-only.ts'

const now = new Date('2026-11-20T10:00:00Z')
const at = (time: string) => ({ repliesOnly: { until: new Date(`2026-11-20T${time}Z`) } })

test.for([
  [{}, false],
  [{ repliesOnly: null }, false],
  [{ repliesOnly: { until: null } }, true],
  [at('10:00:01'), true],
  [at('10:00:00'), false],
] as const)('a number with %j may only reply: %s', ([number, expected]) => {
  expect(mayOnlyReply(number, now)).toBe(expected)
})

test('what waits is looked at again at the end, within a minute at most', () => {
  expect(restrictedUntil(at('10:00:20'), now)).toEqual(at('10:00:20').repliesOnly.until)
  expect(restrictedUntil(at('12:00:00'), now)).toEqual(at('10:01:00').repliesOnly.until)
  expect(restrictedUntil({ repliesOnly: { until: null } }, now)).toEqual(at('10:01:00').repliesOnly.until)
})
