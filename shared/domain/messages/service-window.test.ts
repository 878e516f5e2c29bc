import { expect, test } from 'vitest'
import { windowEnd, windowIsOpen } from './service-window.ts'

const at = (iso: string) => new Date(iso)

test('the window is open until 24 h after the message, and not a millisecond longer', () => {
  const end = windowEnd(at('2026-11-20T09:00:00Z'), at('2026-11-20T09:00:01Z'))
  expect(end).toEqual(at('2026-11-21T09:00:00Z'))
  expect(windowIsOpen(end, at('2026-11-21T08:59:59.999Z'))).toBe(true)
  expect(windowIsOpen(end, end)).toBe(false)
})

test('a customer who never wrote has no window', () => {
  expect(windowIsOpen(null, at('2026-11-20T09:00:00Z'))).toBe(false)
})

test('a timestamp far in the future is replaced by the arrival', () => {
  expect(windowEnd(at('2027-01-01T00:00:00Z'), at('2026-11-20T09:00:00Z'))).toEqual(at('2026-11-21T09:00:00Z'))
})
