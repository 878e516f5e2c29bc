/** Periods that end today; the server's own is 30 days. */
export const PERIODS = [7, 30, 90, 365] as const
export type Period = (typeof PERIODS)[number]

/** What messages and costs can be divided by. */
export const MESSAGES_BY = ['number', 'template', 'agent', 'origin', 'country', 'category'] as const
export type MessagesBy = (typeof MESSAGES_BY)[number]
export const COST_BY = ['template', 'category', 'country', 'number', 'agent'] as const
export type CostBy = (typeof COST_BY)[number]

export interface AnalyticsSearch {
  /** Days up to today; nothing: 30. */
  days?: Exclude<Period, 30>
  /** First and last day of a period of one's own, both or neither, as `2026-11-29`. */
  from?: string
  to?: string
  /** Id of a number. */
  number?: string
  /** Id of a person. */
  agent?: string
  /** Name of a template. */
  template?: string
  /** Nothing: by number. */
  by?: MessagesBy
  /** Nothing: by template. */
  cost?: CostBy
}

/** First and last day, both included. */
export interface Days {
  from: string
  to: string
}

/** The server has no longer report. */
export const MOST_DAYS = 400
const DAY_MS = 86_400_000

/** A day so many days after another one; before it, if negative. */
export const dayAfter = (day: string, count: number): string =>
  new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10)

/** How many days a period has. */
export const lengthOf = ({ from, to }: Days): number => (Date.parse(to) - Date.parse(from)) / DAY_MS + 1

/** As many days as the period has, right before it. */
export const daysBefore = ({ from, to }: Days): Days => ({
  from: dayAfter(from, -lengthOf({ from, to })),
  to: dayAfter(from, -1),
})

/** The period with another first or last day; the other end follows where it must. */
export function withDay(days: Days, end: 'from' | 'to', day: string): Days {
  const next = { ...days, [end]: day }
  const length = lengthOf(next)
  if (length >= 1 && length <= MOST_DAYS) return next
  if (length < 1) return { from: day, to: day }
  return end === 'from' ? { from: day, to: dayAfter(day, MOST_DAYS - 1) } : { from: dayAfter(day, 1 - MOST_DAYS), to: day }
}

/**
 * Days that the search asks for, as the server takes them; nothing for its own last 30.
 * @param today in the account's time zone; undefined while it is not known @returns undefined while it cannot be said
 */
export function askedDays({ days, from, to }: AnalyticsSearch, today: string | undefined): Partial<Days> | undefined {
  if (from !== undefined && to !== undefined) return { from, to }
  if (days === undefined) return {}
  return today === undefined ? undefined : { from: dayAfter(today, 1 - days), to: today }
}

/** Reads the search of an address; what it does not know is left out. */
export function readAnalyticsSearch(given: Record<string, unknown>): AnalyticsSearch {
  const search: AnalyticsSearch = { ...periodOf(given) }
  const by = MESSAGES_BY.find(known => known !== 'number' && known === given.by)
  const cost = COST_BY.find(known => known !== 'template' && known === given.cost)
  if (by) search.by = by
  if (cost) search.cost = cost
  for (const name of ['number', 'agent', 'template'] as const) {
    const value = given[name]
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') search[name] = String(value)
  }
  return search
}

function periodOf({ days, from, to }: Record<string, unknown>): AnalyticsSearch {
  if (isDay(from) && isDay(to)) {
    const length = lengthOf({ from, to })
    if (length >= 1 && length <= MOST_DAYS) return { from, to }
  }
  const period = PERIODS.find(known => known === days)
  return period === undefined || period === 30 ? {} : { days: period }
}

const isDay = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
