import { useLingui } from '@lingui/react'
import { useMemo } from 'react'
import { INTL_LOCALES, type Language } from '../../lib/i18n/languages.ts'

export interface DayFormats {
  /** 28 Oct. */
  short(day: string): string
  /** Mon 16 November. */
  long(day: string): string
  /** 1 is Monday. */
  weekday(of: number): string
  /** Name of a country by its two letters. */
  country(code: string): string
}

/** 1 January 2024 was a Monday. */
const MONDAY = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000

/** Formats of the days of a report. A day is a day of the account's calendar, wherever the reader is. */
export function useDays(): DayFormats {
  const { i18n } = useLingui()
  const locale = INTL_LOCALES[i18n.locale as Language]
  return useMemo(() => {
    const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
    const short = dates({ day: 'numeric', month: 'short' })
    const long = dates({ weekday: 'short', day: 'numeric', month: 'long' })
    const weekday = dates({ weekday: 'short' })
    const countries = new Intl.DisplayNames(locale, { type: 'region', fallback: 'code' })
    return {
      short: day => short.format(Date.parse(day)),
      long: day => long.format(Date.parse(day)),
      weekday: of => weekday.format(MONDAY + (of - 1) * DAY_MS),
      country: code => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
    }
  }, [locale])
}
