import { expect, test } from 'vitest'
import { indexLeads, leadOf } from './lead-keys.ts'

const lead = (id: string, phone: string | null, contactId: string | null = null) => ({ id, tenantId: 't', contactId, phone })
const person = (_id: string, waId: string | null, phone = waId) => ({ _id, tenantId: 't', waId, phone })

test.for<[string, string]>([
  ['5511991234567', '551191234567'],
  ['5215512345678', '525512345678'],
  ['5491123456789', '541123456789'],
])('a lead with the phone %s belongs to the person with the number %s, and the other way round', ([one, other]) => {
  expect(leadOf(indexLeads([lead('a', one)]), person('1', other))?.id).toBe('a')
  expect(leadOf(indexLeads([lead('a', other)]), person('1', one))?.id).toBe('a')
})

test('the lead that names the contact wins over one with its phone', () => {
  const leads = indexLeads([lead('phone', '212661000101'), lead('contact', '212661000199', '1')])
  expect(leadOf(leads, person('1', '212661000101'))?.id).toBe('contact')
  expect(leadOf(leads, person('2', '212661000101'))?.id).toBe('phone')
})

test('the older of two leads that name the contact wins', () => {
  expect(leadOf(indexLeads([lead('older', '1', 'x'), lead('newer', '2', 'x')]), person('x', null))?.id).toBe('older')
})

test('another tenant and another person do not find the lead', () => {
  const leads = indexLeads([lead('a', '212661000101', '1')])
  expect(leadOf(leads, { ...person('1', '212661000101'), tenantId: 'u' })).toBeUndefined()
  expect(leadOf(leads, person('2', '212661000102'))).toBeUndefined()
})
