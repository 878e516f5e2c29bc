import { expect, test } from 'vitest'
import { countryOf, isBusinessScopedId, parsePhone, readPhone } from './phone-number.ts'

const MOROCCO = '212600111222'

test.for<[string, string]>([
  ['+212 661-000101', '212661000101'],
  ['00212661000101', '212661000101'],
  ['212661000101', '212661000101'],
  ['0661 00 01 01', '212661000101'],
  ['661000101', '212661000101'],
  ['33600000103', '33600000103'], // whole, although it might be dialled like this at home
  ['(212) 661.000.101', '212661000101'],
  ['(+212) 661/000101', '212661000101'],
  ['+212 (0)661-000101', '212661000101'],
  ['0661.000101', '212661000101'],
  ['tel:+212-661-000101', '212661000101'],
  ['whatsapp:+212661000101', '212661000101'],
  ["'+212661000101", '212661000101'], // a text, for a spreadsheet
  // Digits and signs of other scripts.
  ['٠٦٦١٠٠٠١٠١', '212661000101'],
  ['+٢١٢ ٦٦١ ٠٠٠ ١٠١', '212661000101'],
  ['+۲۱۲۶۶۱۰۰۰۱۰۱', '212661000101'],
  ['＋２１２　６６１－０００－１０１', '212661000101'],
  // What nobody sees, as it is copied from other programs.
  ['\u202a+212661000101\u202c', '212661000101'],
  ['\u2066+212\u2069 661\u200b000\u00ad101\ufeff', '212661000101'],
  ['\u00a0+212\u2011661\u2011000\u202f101\u00a0', '212661000101'],
  // Numbers of spreadsheets whose digits are all there.
  ['212661000101.0', '212661000101'],
  ['+212661000101,00', '212661000101'],
  ['212,661,000,101', '212661000101'],
  ['212.661.000.101,00', '212661000101'],
  ['٢١٢٦٦١٠٠٠١٠١٫٠', '212661000101'],
  ['2.12661000101E+11', '212661000101'],
  ['2,12661000101e11', '212661000101'],
])('%j is %s for a Moroccan business', ([text, waId]) => {
  expect(parsePhone(text, MOROCCO)?.waId).toBe(waId)
})

test.for([
  '',
  '12',
  'hello',
  '+',
  '+999999999999999999999',
  '661<script>',
  '0661000101',
  '212661000101@s.whatsapp.net',
  '+212661000101 ext. 12',
  '+212661000101#12',
  '-212661000101',
  '212+661000101',
  '21266100010¹',
  '1️⃣212661000101',
])('%j is not a phone number', text => {
  expect(parsePhone(text)).toBeNull()
})

test.for<[string, RegExp]>([
  ['2,12661E+11', /exponent, so digits are lost/],
  ['491711234567.5', /fraction/],
  ['21266100010.0', /not valid/], // not 212661000100
  ['+9181235237.00', /not valid/], // possible, but no number of India
  ['\u202e101000166\u202c', /reverse order/],
  ['0661000101 / 0661000102', /more than one phone number/],
  ['0661000101/02', /more than one phone number/],
  ['+212661000101 ::: +212661000102', /more than one phone number/],
  ['+212661000101\n+212661000102', /more than one phone number/],
  // New Caledonia's numbers have six digits: +687 723456 is one of them, and 0687723456 a Moroccan one.
  ['687723456', /Write it with \+/],
])('%j is refused, and why is said', ([text, problem]) => {
  expect(readPhone(text, MOROCCO)).toMatchObject({ problem: { text: expect.stringMatching(problem) } })
})

test('digits are taken for a number of another country only if it has such numbers', () => {
  // India has no +91 1123456789 for telephones, Cuba has +53 21234567.
  expect(parsePhone('91123456789', '5491155551234')?.waId).toBe('5491123456789')
  expect(parsePhone('5321234567', '905551112233')).toBeNull()
})

test('digits with the country code of the business are no number of another form', () => {
  expect(parsePhone('4917112345678', '493012345678')?.waId).toBe('4917112345678')
})

test('the country of a stored number is known', () => {
  expect([countryOf('33600000103'), countryOf('212661000101'), countryOf(null)]).toEqual(['FR', 'MA', null])
})

test('a business-scoped id is distinguished from a phone number', () => {
  expect([isBusinessScopedId('MA.41982200731550066712'), isBusinessScopedId('212661000101')]).toEqual([true, false])
})
