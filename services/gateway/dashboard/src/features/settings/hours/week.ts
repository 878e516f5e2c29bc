import type { WorkingHours } from '#shared/domain/inbox/working-hours.ts'

export type Interval = WorkingHours['intervals'][number]

/** 1 is Monday. */
export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const

/** A week to begin with. */
export const USUAL_WEEK: WorkingHours = {
  intervals: [1, 2, 3, 4, 5].map(day => ({ day, from: '09:00', to: '18:00' })),
  holidays: [],
}

/** Name of a weekday in a language. @param day 1 is Monday */
export const dayName = (day: number, locale: string): string =>
  // 5 January 2026 was a Monday.
  new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2026, 0, 4 + day)))

/** The week in a line: each day with its times. */
export const weekInWords = ({ intervals }: WorkingHours, locale: string): string =>
  DAYS.flatMap(day => {
    const times = intervals.filter(one => one.day === day).map(({ from, to }) => `${from}–${to}`)
    return times.length === 0 ? [] : [`${dayName(day, locale)} ${times.join(', ')}`]
  }).join(' · ')

/** One more interval of a day: after the last one, or as a usual day begins. */
export function addInterval({ intervals, ...rest }: WorkingHours, day: number): WorkingHours {
  const last = intervals.filter(one => one.day === day).at(-1)
  const added =
    last === undefined || last.to >= '22:00' ? { day, from: '09:00', to: '18:00' } : { day, from: last.to, to: '24:00' }
  return { ...rest, intervals: [...intervals, added].toSorted((a, b) => a.day - b.day) }
}

/** The days from Tuesday to Friday as Monday is. */
export function mondayToFriday({ intervals, ...rest }: WorkingHours): WorkingHours {
  const monday = intervals.filter(({ day }) => day === 1)
  const copies = [2, 3, 4, 5].flatMap(day => monday.map(one => ({ ...one, day })))
  return { ...rest, intervals: [...monday, ...copies, ...intervals.filter(({ day }) => day > 5)] }
}

/** Whether each interval ends after it begins, and none of a day begins before the one before it has ended. */
export const isWrong = ({ intervals }: WorkingHours, one: Interval): boolean =>
  one.from >= one.to ||
  intervals.some(other => other !== one && other.day === one.day && other.from < one.to && one.from < other.to)
