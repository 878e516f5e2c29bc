import { useLingui } from '@lingui/react'
import { INTL_LOCALES, type Language } from './languages.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface Formats {
  /** Clock time: 10:06. */
  time(at: Date | string): string
  /** Clock time with seconds. */
  seconds(at: Date | string): string
  /** Clock time with milliseconds, for what an engineer compares. */
  milliseconds(at: Date | string): string
  /** Day and clock time, for titles and for what is read out. */
  full(at: Date | string): string
  /** Day and clock time, for tables: 29 Nov 2026, 10:06. */
  dateTime(at: Date | string): string
  /** Day alone: 29 Nov 2026. */
  date(at: Date | string): string
  /** Weekday, day and clock time, for what is to come: Fri 27 Nov, 09:00. */
  shortDateTime(at: Date | string): string
  /** In lists: today 10:06, yesterday the word, within a week the weekday, then the day, in another year the date. */
  listTime(at: Date | string, now: Date): string
  /** Heading of a day: the word for today and yesterday, otherwise weekday and day. */
  day(at: Date | string, now: Date): string
  number(value: number): string
  percent(share: number): string
  money(amount: number, currency: string): string
  /** Two units at most; ms below a second. */
  duration(ms: number): string
  /** What is left of a window: hh:mm from an hour on, then minutes. */
  left(ms: number): string
  bytes(size: number): string
  list(items: readonly string[]): string
}

/** Formats of the present language. Times are in the zone of the browser. */
export function useFormat(): Formats {
  const { i18n } = useLingui()
  const language = i18n.locale as Language
  const known = kept.get(language) ?? formatsOf(language)
  kept.set(language, known)
  return known
}

/** Formats by language. To make one of the browser's formatters takes as long as a hundred uses, and every row of a list has several. */
const kept = new Map<Language, Formats>()

export function formatsOf(language: Language, timeZone?: string): Formats {
  const locale = INTL_LOCALES[language]
  const zone = timeZone === undefined ? {} : { timeZone }
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { ...zone, ...options })
    return (at: Date | string) => format.format(new Date(at))
  }
  const time = dates({ hour: '2-digit', minute: '2-digit', hour12: false })
  const weekday = dates({ weekday: language === 'ar' ? 'long' : 'short' })
  const thisYear = dates({ day: 'numeric', month: 'short' })
  const otherYear = dates({ day: '2-digit', month: '2-digit', year: '2-digit' })
  const heading = dates({ weekday: 'long', day: 'numeric', month: 'long' })
  const headingOfYear = dates({ day: 'numeric', month: 'long', year: 'numeric' })
  const dayKey = new Intl.DateTimeFormat('sv-SE', { ...zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const daysAgo = (at: Date | string, now: Date) =>
    Math.round((Date.parse(dayKey.format(now)) - Date.parse(dayKey.format(new Date(at)))) / DAY)
  const isThisYear = (at: Date | string, now: Date) => dayKey.format(new Date(at)).slice(0, 4) === dayKey.format(now).slice(0, 4)
  const word = (days: number) => capitalised(words.format(-days, 'day'), language)
  const numbers = new Intl.NumberFormat(locale)

  return {
    time,
    seconds: dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
    milliseconds: dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false }),
    full: dates({ dateStyle: 'full', timeStyle: 'short' }),
    dateTime: dates({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }),
    date: dates({ dateStyle: 'medium' }),
    shortDateTime: dates({ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false }),
    listTime(at, now) {
      const days = daysAgo(at, now)
      if (days === 0) return time(at)
      if (days === 1) return word(1)
      if (days > 1 && days < 7) return weekday(at)
      return isThisYear(at, now) ? thisYear(at) : otherYear(at)
    },
    day(at, now) {
      const days = daysAgo(at, now)
      if (days === 0 || days === 1) return word(days)
      return isThisYear(at, now) ? heading(at) : headingOfYear(at)
    },
    number: value => numbers.format(value),
    percent(share) {
      const digits = share > 0 && share < 1 && (share < 0.1 || share > 0.9) ? 1 : 0
      const format = { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits } as const
      return numberFormat(locale, format).format(share)
    },
    // A space that does not break stands between number and currency, so that a price is never torn apart.
    money: (amount, currency) =>
      numberFormat(locale, { style: 'currency', currency, minimumFractionDigits: 2 }).format(amount).replaceAll(' ', '\u00a0'),
    duration: ms => durationText(ms, locale),
    left(ms) {
      if (ms < HOUR) return unitText(Math.max(0, Math.floor(ms / MINUTE)), 'minute', locale)
      return `${Math.floor(ms / HOUR)}:${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, '0')}`
    },
    bytes: size => bytesText(size, locale),
    list: items => new Intl.ListFormat(locale).format(items),
  }
}

const numberFormats = new Map<string, Intl.NumberFormat>()

/** The formatter of these options, made once. */
function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${JSON.stringify(options)}`
  const known = numberFormats.get(key) ?? new Intl.NumberFormat(locale, options)
  numberFormats.set(key, known)
  return known
}

/** British English writes “42 mins”. */
const unitText = (value: number, unit: string, locale: string, digits = 0) =>
  numberFormat(locale === 'en-GB' ? 'en' : locale, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(value)

const UNITS = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', 1000],
] as const

function durationText(ms: number, locale: string): string {
  if (ms < 1000) return unitText(Math.round(ms), 'millisecond', locale)
  const whole = ms < 10_000 ? ms : Math.round(ms / 1000) * 1000
  const from = UNITS.findIndex(([, length]) => whole >= length)
  const [unit, length] = UNITS[from] as (typeof UNITS)[number]
  if (unit === 'second') return unitText(whole / 1000, 'second', locale, whole < 10_000 ? 1 : 0)
  const [smaller, smallerLength] = UNITS[from + 1] as (typeof UNITS)[number]
  const rest = Math.floor((whole % length) / smallerLength)
  const first = unitText(Math.floor(whole / length), unit, locale)
  return rest === 0 ? first : `${first} ${unitText(rest, smaller, locale)}`
}

function bytesText(size: number, locale: string): string {
  if (size < 1000) return unitText(size, 'byte', locale)
  if (size < 1_000_000) return unitText(size / 1000, 'kilobyte', locale)
  return unitText(size / 1_000_000, 'megabyte', locale, 1)
}

const capitalised = (text: string, language: Language) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
