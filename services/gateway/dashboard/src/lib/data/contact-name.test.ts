import { expect, test } from 'vitest'
import type { ContactView } from '#shared/contracts/views.ts'
import { grouped, nameOf } from './contact-name.ts'

const contact = (more: Partial<ContactView>): ContactView => ({
  ...{ id: 'c', waId: null, userId: null, phone: null, name: null, username: null, optOut: false },
  ...more,
})
const named = (more: Partial<ContactView>, candidateName: string | null = null) =>
  nameOf({ contact: contact(more), candidateName }).text

test('a contact is called by name, else by number, else by @username', () => {
  expect(named({ name: 'Salma', phone: '+212661000101' }, 'Other')).toBe('Salma')
  expect(named({ phone: '+212661000101' }, 'Candidate')).toBe('Candidate')
  expect(named({ phone: '+212661000101', username: 'salma' })).toBe('+212 661 00 01 01')
  expect(named({ waId: '212661000101' })).toBe('+212 661 00 01 01')
  expect(named({ username: 'nadia.tazi' })).toBe('@nadia.tazi')
  expect(named({})).toBeNull()
})

test('short numbers stay as they are', () => {
  expect(grouped('12345')).toBe('12345')
})
