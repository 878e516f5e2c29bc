import fc from 'fast-check'
import { expect, test } from 'vitest'
import { afterFailure, afterSending, type FailureBanner, type LastSent, newestFailure } from './failures.ts'

type Failed = { at: Date; messageId: string }
type Banner = FailureBanner<Failed, LastSent>
type Known = { second: number; isSent: boolean; id: string }[]
const at = (second: number) => new Date(second * 1000)
const failed = (messageId: string, second: number): Failed => ({ messageId, at: at(second) })
const EMPTY: Banner = { lastError: null, lastSent: null }

test('the failure of the newest message is shown, and of one message the one given last', () => {
  expect(newestFailure(failed('a', 2), failed('b', 1))).toEqual(failed('a', 2))
  expect(newestFailure(failed('a', 1), failed('b', 1))).toEqual(failed('b', 1))
  expect(newestFailure(failed('a', 2), failed('a', 1))).toEqual(failed('a', 1))
})

test('a message that leaves ends its own failure and earlier ones', () => {
  const sent = { id: 'b', at: at(2) }
  for (const failure of [failed('b', 3), failed('a', 1), failed('a', 2)])
    expect(afterSending({ ...EMPTY, lastError: failure }, sent)).toEqual({ lastError: null, lastSent: sent })
  for (const failure of [failed('c', 2), failed('a', 3)])
    expect(afterSending({ ...EMPTY, lastError: failure }, sent).lastError).toEqual(failure)
  expect(afterSending({ ...EMPTY, lastSent: sent }, { id: 'a', at: at(1) }).lastSent).toEqual(sent)
})

test('a message that left and fails at the customer is shown', () => {
  const sent = { id: 'b', at: at(2) }
  expect(afterFailure({ lastError: null, lastSent: sent }, failed('b', 2)).lastError).toEqual(failed('b', 2))
})

test('what is shown depends on the outcomes, not on their order or number', () => {
  const outcome = fc.record({ second: fc.integer({ min: 1, max: 3 }), isSent: fc.boolean() })
  const orders = fc.array(outcome, { minLength: 1, maxLength: 5 }).chain(outcomes => {
    const known = outcomes.map((one, i) => ({ ...one, id: String(i) }))
    const order = fc.tuple(fc.shuffledSubarray(known, { minLength: known.length }), fc.subarray(known))
    return fc.tuple(order, order)
  })
  const play = ([all, again]: [Known, Known]) =>
    [...all, ...again].reduce<Banner>(
      (banner, { id, second, isSent }) =>
        isSent ? afterSending(banner, { id, at: at(second) }) : afterFailure(banner, failed(id, second)),
      EMPTY,
    )
  fc.assert(fc.property(orders, ([one, other]) => void expect(play(one)).toEqual(play(other))))
})
