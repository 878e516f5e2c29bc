import { expect, test } from 'vitest'
import { countryOf, isBusinessScopedId, parsePhone } from './phone-number.ts'

test.for<[string, string]>([
  ['+212 661-000101', '212661000101'],
  ['00212661000101', '212661000101'],
  ['212661000101', '212661000101'],
  ['0661 00 01 01', '212661000101'],
  ['661000101', '212661000101'],
  ['33600000103', '33600000103'], // whole, although it might be dialled like this at home
  ['(212) 661.000.101', '212661000101'],
])('%s is %s for a Moroccan business', ([text, waId]) => {
  expect(parsePhone(text, '212600111222')?.waId).toBe(waId)
})

test.for(['', '12', 'hello', '+', '+999999999999999999999', '661<script>', '0661000101'])('%j is not a phone number', text => {
  expect(parsePhone(text)).toBeNull()
})

test('the country of a stored number is known', () => {
  expect([countryOf('33600000103'), countryOf('212661000101'), countryOf(null)]).toEqual(['FR', 'MA', null])
})

test('a business-scoped id is distinguished from a phone number', () => {
  expect([isBusinessScopedId('MA.41982200731550066712'), isBusinessScopedId('212661000101')]).toEqual([true, false])
})
