import { expect, test } from 'vitest'
import { type ContactColumns, contactColumns, readContactRow } from './contact-row.ts'

test('columns are found by usual names, or by the names that the caller gives', () => {
  expect(contactColumns(['nom', 'téléphone', 'ville'], {})).toEqual({
    phone: 'téléphone',
    userId: null,
    name: 'nom',
    optOut: null,
    attributes: ['ville'],
  })
  expect(contactColumns(['phone', 'handy', 'label'], { phone: 'Handy', name: 'label' })).toMatchObject({
    phone: 'handy',
    name: 'label',
    attributes: ['phone'],
  })
  expect(contactColumns(['bsuid'], {})).toMatchObject({ userId: 'bsuid', phone: null })
  expect(contactColumns(['city'], {})).toBeNull()
  expect(contactColumns(['phone'], { phone: 'handy' })).toBeNull()
})

const columns = contactColumns(['phone', 'user_id', 'name', 'opt_out', 'ville de départ'], {}) as ContactColumns
const read = (record: Record<string, string>) => readContactRow(record, columns, '212600111222')

test('a row becomes a contact with attributes', () => {
  expect(read({ phone: '0661 00 01 01', name: ' Salma ', opt_out: 'Oui', 'ville de départ': 'Rabat' })).toEqual({
    waId: '212661000101',
    userId: null,
    key: '212661000101',
    name: 'Salma',
    optOut: true,
    attributes: { ville_de_depart: 'Rabat' },
  })
  expect(read({ phone: 'MA.41982200731550066712' })).toMatchObject({
    waId: null,
    userId: 'MA.41982200731550066712',
    optOut: false,
  })
  const both = [read({ phone: '+5511991234567' }), read({ phone: '551191234567' })]
  expect(new Set(both.map(row => ('key' in row ? row.key : row.problem))).size).toBe(1)
})

test.for([
  [{ phone: 'abc' }, 'The phone number is not valid.'],
  [{}, 'The row has neither a phone number nor a user id.'],
  [{ user_id: '42' }, 'The user id is not a business-scoped user id.'],
  [{ phone: '0661000101', name: 'x'.repeat(201) }, 'The name is longer than 200 characters.'],
  [{ phone: '0661000101', 'ville de départ': 'x'.repeat(1001) }, 'The attribute ville_de_depart is longer than 1000 characters.'],
] as const)('%j is refused: %s', ([record, problem]) => {
  expect(read(record)).toEqual({ problem })
})
