import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newerPreference, type Preference } from './opt-out.ts'

const second = (n: number) => new Date(Date.UTC(2026, 10, 20, 9, 0, n))
const said = (n: number, optOut: boolean, optOutSource = 'whatsapp'): Preference => ({
  optOut,
  optOutAt: second(n),
  optOutSource,
})
const NOTHING: Preference = { optOut: false, optOutAt: null, optOutSource: null }
/** At most one in a second: nobody says more. */
const somePreferences = fc
  .uniqueArray(fc.record({ n: fc.integer({ min: 0, max: 20 }), optOut: fc.boolean() }), { minLength: 1, selector: ({ n }) => n })
  .map(list => list.map(({ n, optOut }) => said(n, optOut)))

test('[P3] a person is opted out or not, whatever becomes known first and how often', () => {
  const orders = somePreferences.chain(all =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
  )
  fc.assert(
    fc.property(orders, ([all, others]) => {
      expect(others.reduce(newerPreference, NOTHING)).toEqual(all.reduce(newerPreference, NOTHING))
    }),
    { numRuns: 1000 },
  )
})

test('of the same second what becomes known last counts', () => {
  expect(newerPreference(said(1, false), said(1, true))).toEqual(said(1, true))
  expect(newerPreference(said(1, true), said(1, false))).toEqual(said(1, false))
})

test('somebody who had opted out and does so again is not opted in by what was said in between', () => {
  for (const order of [
    [said(1, true), said(5, true), said(3, false)],
    [said(1, true), said(3, false), said(5, true)],
  ])
    expect(order.reduce(newerPreference, NOTHING)).toEqual(said(5, true))
})
