/** When people answer. Times are of the account's time zone. */
export interface WorkingHours {
  /** `day`: 1 (Monday) to 7. `from` and `to`: `09:00`; `24:00` ends a day. A day may have several. */
  intervals: { day: number; from: string; to: string }[]
  /** Dates that are free all day: `2026-12-25`. */
  holidays: string[]
}

/** The last time that people answered is looked for in so many days. */
const MOST_DAYS = 60
const DAY_MS = 86_400_000

/**
 * The closed period that a time lies in, named by its beginning in local time, for example `2026-11-27T18:00`; null: people answer.
 * Times of the same period have the same name. A period that began more than 60 days ago is named `long-ago`.
 */
export function closedPeriodAt(hours: WorkingHours, timezone: string, at: Date): string | null {
  const now = localTime(at, timezone)
  for (let back = 0; back <= MOST_DAYS; back++) {
    const date = dateBefore(now.date, back)
    const intervals = intervalsOf(hours, date).toSorted((a, b) => (a.to < b.to ? 1 : -1))
    if (back === 0 && intervals.some(({ from, to }) => from <= now.time && now.time < to)) return null
    const last = intervals.find(({ to }) => back > 0 || to <= now.time)
    if (last) return `${date}T${last.to}`
  }
  return 'long-ago'
}

function intervalsOf({ intervals, holidays }: WorkingHours, date: string): WorkingHours['intervals'] {
  return holidays.includes(date) ? [] : intervals.filter(({ day }) => day === weekdayOf(date))
}

/** Date and time in a time zone, which changes of the clock do not disturb. */
function localTime(at: Date, timeZone: string): { date: string; time: string } {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', ...FIELDS })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` }
}

const FIELDS = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const

/** A date has no time zone: days are counted at noon in UTC. */
const dateBefore = (date: string, days: number) => new Date(noonOf(date) - days * DAY_MS).toISOString().slice(0, 10)
const weekdayOf = (date: string) => new Date(noonOf(date)).getUTCDay() || 7
const noonOf = (date: string) => Date.parse(`${date}T12:00:00Z`)
