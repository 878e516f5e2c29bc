export type SnoozeName = 'hour' | 'tomorrow' | 'monday' | 'week'

/** Hour of the day at which a snoozed conversation comes back, where days are counted. */
const MORNING = 9
const HOUR_MS = 3_600_000

/** What people mean by “later”, from `now` on, in the zone of the browser. */
export function snoozeTimes(now: Date): Record<SnoozeName, Date> {
  // The coming Monday; today's Monday is a week away.
  const toMonday = (8 - now.getDay()) % 7 || 7
  return {
    hour: new Date(now.getTime() + HOUR_MS),
    tomorrow: morningIn(now, 1),
    monday: morningIn(now, toMonday),
    week: morningIn(now, 7),
  }
}

const morningIn = (now: Date, days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING)

/** The value of a `datetime-local` field. */
export const fieldValue = (at: Date): string => {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}
