import { expect, test } from 'vitest'
import { parseOfferEnd } from './offer-end.ts'

test.for<[string, number | null]>([
  ['2026-12-31T23:00:00Z', 1_798_758_000_000],
  ['2027-01-01T00:00+01:00', 1_798_758_000_000],
  ['1798758000000', 1_798_758_000_000],
  ['1798758000', null],
  ['2026-12-31', null],
  ['2026-13-31T23:00:00Z', null],
  ['tomorrow', null],
])('the end of an offer %s is %s', ([given, expected]) => {
  expect(parseOfferEnd(given)).toBe(expected)
})
