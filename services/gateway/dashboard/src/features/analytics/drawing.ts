import { scaleBand, scaleLinear } from 'd3-scale'
import { line, stack } from 'd3-shape'
import type { Amounts, Counts } from './data.ts'

/** How far a message came, the best below: parts of a column, which add up to what was sent or failed. */
export const PARTS = ['read', 'delivered', 'sent', 'failed'] as const
export type Part = (typeof PARTS)[number]

/** Each message once: what was read is not also counted as delivered. */
export const partsOf = ({ sent, delivered, read, failed }: Counts): Record<Part, number> => ({
  ...{ read, delivered: delivered - read, sent: sent - delivered, failed },
})

/** Share of a whole; null for none. */
export const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** The currency in which most is, by the amounts themselves; null for no amounts. */
export const mainCurrency = (amounts: Amounts): string | null =>
  Object.entries(amounts).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null

export interface Axis {
  /** Values of the lines that are drawn, from zero. */
  ticks: number[]
  /** Height of a value above the lower edge. */
  y(value: number): number
}

/** A vertical axis from zero to a round number at or above `most`. */
export function axisOf(most: number, height: number, isWhole: boolean): Axis {
  const scale = scaleLinear([0, most > 0 ? most : 1], [0, height]).nice(3)
  const ticks = scale.ticks(3)
  return { ticks: isWhole ? ticks.filter(Number.isInteger) : ticks, y: value => scale(value) }
}

export interface Bands {
  /** Distance of a column's start from the start of the plot, and how wide it is. */
  start(i: number): number
  width: number
  /** The column at a distance from the start of the plot. */
  at(distance: number): number
  /** Columns below which there is room for a label. */
  labelled: number[]
}

/** What a label of a day takes. */
const LABEL = 64

/** Places of `count` columns in the width of a plot. */
export function bandsOf(count: number, width: number): Bands {
  const scale = scaleBand<number>([...Array(count).keys()], [0, width]).paddingInner(count > 120 ? 0 : 0.16)
  const every = Math.max(1, Math.ceil((count * LABEL) / Math.max(width, 1)))
  const start = (i: number) => scale(i) ?? 0
  return {
    start,
    width: scale.bandwidth(),
    at: distance => Math.min(count - 1, Math.max(0, Math.floor(distance / Math.max(scale.step(), 1e-9)))),
    labelled: [...Array(count).keys()].filter(i => i % every === 0 && (i === 0 || start(i) + LABEL <= width)),
  }
}

/** The parts of each column, from below: `[lower, upper]` by part and column. */
export const stacked = (rows: readonly Record<Part, number>[]) =>
  stack<unknown, Record<Part, number>, Part>()
    .keys(PARTS)([...rows])
    .map(series => ({
      part: series.key,
      columns: series.map(([lower, upper]) => [lower, upper] as const),
    }))

/** A line through values, with gaps where there are none. @param points distance from the start, and value */
export function pathOf(points: readonly (readonly [x: number, y: number | null])[], height: number, { y }: Axis): string {
  const draw = line<readonly [number, number | null]>()
    .defined(([, value]) => value !== null)
    .x(([x]) => x)
    .y(([, value]) => height - y(value ?? 0))
  return draw([...points]) ?? ''
}

/** Values without a neighbour on either side: no line goes through them. */
export const aloneIn = (values: readonly (number | null)[]): number[] =>
  values.flatMap((value, i) =>
    value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : [],
  )

/** The unit in which durations up to `mostMs` are easily read. */
export function unitOf(mostMs: number): { unit: 'seconds' | 'minutes' | 'hours'; ms: number } {
  if (mostMs >= 2 * 3_600_000) return { unit: 'hours', ms: 3_600_000 }
  if (mostMs >= 2 * 60_000) return { unit: 'minutes', ms: 60_000 }
  return { unit: 'seconds', ms: 1000 }
}
