import { listedAs } from './pricing.ts'

/** Row of a price table; null matches anything. */
export interface PriceRow {
  category: string | null
  /** ISO 3166 code. */
  country: string | null
  /** First day on which the row holds, `2026-10-01`; null or missing: since ever. */
  from?: string | null
  amount: number
}

/** What a price is looked up by. */
export interface Priced {
  category: string
  country: string | null
  /** Day of the delivery, `2026-10-01`. */
  day: string
}

/**
 * The price in a table; null when no row fits. The most specific row wins: category and country, category, country, none; of rows
 * for the same, the one that came into force last.
 */
export function findPrice(rows: readonly PriceRow[], { category: named, country, day }: Priced): number | null {
  const category = listedAs(rows, named)
  const fits = rows.filter(row => matches(row.category, category) && matches(row.country, country) && (row.from ?? '') <= day)
  const weight = (row: PriceRow) => (row.category === null ? 0 : 2) + (row.country === null ? 0 : 1)
  const [best] = fits.toSorted((a, b) => weight(b) - weight(a) || compare(b.from ?? '', a.from ?? ''))
  return best?.amount ?? null
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const matches = (wanted: string | null, given: string | null) =>
  wanted === null || wanted.toUpperCase() === (given ?? '').toUpperCase()

const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar day of a time in a time zone, `2026-10-01`. Prices change at midnight of a day. */
export function dayIn(timezone: string, at: Date): string {
  const known = formats.get(timezone)
  const format = known ?? new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' })
  if (!known) formats.set(timezone, format)
  return format.format(at)
}

/** Sum of amounts of money without the errors of binary fractions: counted in millionths, which no price divides further. */
export function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * MILLION), 0) / MILLION
}

/** An amount times a whole number, as exact as `sumOf`. */
export const timesExactly = (amount: number, count: number): number => (Math.round(amount * MILLION) * count) / MILLION

const MILLION = 1_000_000
