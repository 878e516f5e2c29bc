import { expect, test } from 'vitest'
import { waIdIn } from './wa-id.ts'

test.for([
  ['+212 661-000101', '212661000101'],
  ['212661000101', '212661000101'],
  ['+212 (0)661 000101', '212661000101'],
  ['\u202a+٢١٢٦٦١٠٠٠١٠١\u202c', '212661000101'],
  ['5215512345678', '5215512345678'], // as WhatsApp writes it, not as the country does
  ['0661000101', null],
  ['+212661000101 / +212661000102', null],
  ['MA.41982200731550066712', null],
  [null, null],
] as const)('%j is %j', ([number, waId]) => {
  expect(waIdIn(number)).toBe(waId)
})
