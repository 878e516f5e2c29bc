import { expect, test } from 'vitest'
import { changesOf, rowsOf } from './edits.ts'
import { readContactsSearch } from './search.ts'

const BEFORE = { name: 'Salma', attributes: { city: 'Rabat', age: 30, vip: true }, labels: ['a', 'b'] }
const rows = rowsOf(BEFORE)

test('a form that was not touched changes nothing, and keeps numbers and yes/no as they are', () => {
  expect(changesOf(BEFORE, { name: ' Salma ', rows, labels: ['b', 'a'] })).toEqual({})
})

test('a removed attribute is sent as null, a renamed one as both', () => {
  const renamed = rows.filter(({ name }) => name !== 'vip').map(row => (row.name === 'city' ? { ...row, name: 'ville' } : row))
  expect(changesOf(BEFORE, { name: '', rows: renamed, labels: ['a'] })).toEqual({
    name: null,
    attributes: { ville: 'Rabat', city: null, vip: null },
    labels: ['a'],
  })
})

test('an address is read as far as it is known', () => {
  expect(readContactsSearch({ q: 661, optOut: 'yes', blocked: false, label: '', contact: 'c1', other: 1 })).toEqual({
    q: '661',
    contact: 'c1',
  })
  expect(readContactsSearch({ optOut: false, blocked: true })).toEqual({ optOut: false, blocked: true })
})
