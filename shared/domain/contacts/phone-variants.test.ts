import { expect, test } from 'vitest'
import { phoneVariants } from './phone-variants.ts'

test.for([
  ['5511987654321', '551187654321'],
  ['551187654321', '5511987654321'],
  ['5215512345678', '525512345678'],
  ['525512345678', '5215512345678'],
  ['5491112345678', '541112345678'],
  ['541112345678', '5491112345678'],
])('%s is also %s', ([waId, variant]) => {
  expect(phoneVariants(waId as string)).toEqual([waId, variant])
})

test.for(['551132345678', '212661000101', '33600000103'])('%s has no other form', waId => {
  expect(phoneVariants(waId)).toEqual([waId])
})
