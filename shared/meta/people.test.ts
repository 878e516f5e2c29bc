import { expect, test } from 'vitest'
import { besideOf, contactsOf, identify, keysOf, personOf } from './people.ts'

const amal = { wa_id: '212661000101', user_id: 'MA.1', profile: { name: 'Amal', username: '@amal' } }
const keys = (waId: string | null, userId: string | null = null) => keysOf(waId, userId)
const of = (named: ReturnType<typeof keys>, contacts: object[], others: ReturnType<typeof keys>[] = []) =>
  personOf(named, besideOf(contacts, [named, ...others]))

test('the only contact of a value is nobody else’s', () => {
  expect(of(keys('212661000101'), [amal], [keys('212661000102')])).toMatchObject({
    userId: 'MA.1',
    name: 'Amal',
    username: 'amal',
  })
  expect(of(keys('212661000102'), [amal], [keys('212661000101')])).toMatchObject({
    waId: '212661000102',
    userId: null,
    name: null,
  })
  expect(of(keys('212661000102'), [amal])).toMatchObject({ userId: null, name: null, username: null })
  expect(of(keys(null, 'MA.2'), [amal])).toMatchObject({ waId: null, userId: 'MA.2', name: null })
})

test('a number in its other form is the same person, with another user id it is not', () => {
  const brazilian = { wa_id: '551187654321', user_id: 'BR.1', profile: { name: 'Ana' } }
  expect(of(keys('5511987654321'), [brazilian])).toMatchObject({ waId: '5511987654321', userId: 'BR.1', name: 'Ana' })
  expect(of(keys('5511987654321', 'BR.2'), [brazilian])).toMatchObject({ userId: 'BR.2', name: null })
})

test('a contact without an id is of the person whom all items name, else of nobody', () => {
  const nameless = { profile: { name: 'Amal' } }
  expect(of(keys('212661000101'), [nameless], [keys('212661000101')]).name).toBe('Amal')
  expect(of(keys('212661000101'), [nameless], [keys('212661000102')]).name).toBeNull()
  expect(of(keys('212661000101'), [nameless, { profile: { name: 'Bilal' } }]).name).toBeNull()
})

test('the sender of the only item is its only contact, where the item names nobody', () => {
  expect(of(keys(null), [amal])).toMatchObject({ waId: '212661000101', userId: 'MA.1' })
  expect(contactsOf(besideOf([amal], [keys(null), keys(null)]), keys(null))).toEqual([])
})

test('contacts that contradict each other give no key', () => {
  const other = { wa_id: '212661000101', user_id: 'MA.9' }
  expect(of(keys('212661000101'), [amal, other])).toMatchObject({ userId: null, name: 'Amal' })
})

test.for<[string, string | null, string | null]>([
  ['212661000101', '212661000101', null],
  ['+212 661-000101', '212661000101', null],
  ['MA.41982200731550066712', null, 'MA.41982200731550066712'],
  ['Y2FwaV9ncm91cDoyMTI2', null, 'Y2FwaV9ncm91cDoyMTI2'],
])('the id %s is of a phone %s or a user %s', ([id, waId, userId]) => {
  expect(identify(id)).toEqual({ waId, userId })
})
