import { expect, test } from 'vitest'
import { holdOf, mayOnlyReply, restrictedUntil, type SendKind } from './sending.ts'

const now = new Date('2026-11-20T10:00:00Z')
const at = (time: string) => new Date(`2026-11-20T${time}Z`)

const restricted = { repliesOnly: { until: null } }
const held = { campaignsHeldUntil: at('11:00:00') }

test.for<[string, Parameters<typeof holdOf>[0], SendKind, ReturnType<typeof holdOf>]>([
  ['nothing is told of', {}, 'campaign', null],
  ['may only reply', restricted, 'campaign', { reason: 'restricted', until: at('10:01:00') }],
  ['may only reply', restricted, 'first', { reason: 'restricted', until: at('10:01:00') }],
  ['may only reply', restricted, 'reply', null],
  ['may write first again', { repliesOnly: { until: now } }, 'first', null],
  ['holds campaigns', held, 'campaign', { reason: 'rate', until: at('11:00:00') }],
  ['holds campaigns', held, 'first', null],
  ['holds campaigns', held, 'reply', null],
  ['held campaigns until now', { campaignsHeldUntil: now }, 'campaign', null],
  ['does both', { ...restricted, ...held }, 'campaign', { reason: 'restricted', until: at('10:01:00') }],
])('a number that %s, %j, holds back a %s: %j', ([, number, kind, expected]) => {
  expect(holdOf(number, kind, now)).toEqual(expected)
})

const repliesOnlyUntil = (time: string) => ({ repliesOnly: { until: at(time) } })

test.for([
  [{}, false],
  [{ repliesOnly: null }, false],
  [{ repliesOnly: { until: null } }, true],
  [repliesOnlyUntil('10:00:01'), true],
  [repliesOnlyUntil('10:00:00'), false],
] as const)('a number with %j may only reply: %s', ([number, expected]) => {
  expect(mayOnlyReply(number, now)).toBe(expected)
})

test('held messages are checked again at the end of the restriction, and every minute before', () => {
  expect(restrictedUntil(repliesOnlyUntil('10:00:20'), now)).toEqual(repliesOnlyUntil('10:00:20').repliesOnly.until)
  expect(restrictedUntil(repliesOnlyUntil('12:00:00'), now)).toEqual(repliesOnlyUntil('10:01:00').repliesOnly.until)
  expect(restrictedUntil({ repliesOnly: { until: null } }, now)).toEqual(repliesOnlyUntil('10:01:00').repliesOnly.until)
})
