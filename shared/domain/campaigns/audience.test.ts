import { expect, test } from 'vitest'
import { contactRecord, recipientRecord } from './audience.ts'

const columns = { to: 'Phone', name: 'Name', headerMedia: null, variables: { jobTitle: 'Job' } }

test('a recipient of a JSON list is a row with the columns that the campaign reads', () => {
  const recipient = { to: '+212661000101', name: 'Salma', variables: { jobTitle: 'Comptable', city: 'Fès' }, headerMedia: 'x' }
  expect(recipientRecord(columns, recipient)).toEqual({ phone: '+212661000101', name: 'Salma', job: 'Comptable', city: 'Fès' })
})

test('a contact is a row of its name, number and attributes', () => {
  const person = { waId: '212661000101', userId: null, name: null, attributes: { City: 'Fès', age: 30 } }
  expect(contactRecord(columns, person)).toEqual({ phone: '+212661000101', name: '', city: 'Fès', age: '30' })
  expect(contactRecord({ ...columns, to: 'whom' }, { ...person, waId: null, userId: 'MA.1' })).toMatchObject({ whom: 'MA.1' })
})
