import { describe, expect, test } from 'vitest'
import { firstReferral, latestReferral, type Referral } from './referral.ts'

const of = (sourceId: string, second: number): Referral => ({
  ...{ sourceId, sourceType: 'ad', headline: 'Apply now', ctwaClid: null },
  at: new Date(1_795_165_200_000 + second * 1000),
})
const ORDERS = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [2, 0, 3, 1],
  [1, 3, 0, 2, 2, 0],
]

describe('of several ads', () => {
  const ads = [of('B', 1), of('A', 1), of('C', 2), of('D', 2)]

  test.for(ORDERS.map(order => [order] as const))('in the order %j the same first and latest are kept', ([order]) => {
    const known = order.map(i => ads[i] as Referral)
    expect(known.reduce<Referral | null>(firstReferral, null)?.sourceId).toBe('A')
    expect(known.reduce<Referral | null>(latestReferral, null)?.sourceId).toBe('D')
  })
})

test('without an ad there is none', () => {
  expect([firstReferral(null, undefined), latestReferral(undefined, null)]).toEqual([null, null])
})
