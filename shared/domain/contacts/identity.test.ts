import { expect, test } from 'vitest'
import { areDifferentPeople, mergeRecipientKeys, type NamedKeys } from './identity.ts'

const keys = (waId: string | null, userId: string | null, username: string | null = null): NamedKeys => ({
  waId,
  userId,
  username,
})

test.for<[NamedKeys, NamedKeys, Partial<NamedKeys> | null]>([
  [keys('212661000101', null), keys('212661000101', 'MA.1', 'salma'), { userId: 'MA.1', username: 'salma' }],
  [keys('212661000101', null), keys(null, 'MA.1'), { userId: 'MA.1' }],
  [keys(null, 'MA.1'), keys('212661000101', 'MA.1'), { waId: '212661000101' }],
  [keys('5511987654321', null), keys('551187654321', 'BR.1'), { userId: 'BR.1' }], // the same person without the ninth digit
  [keys('212661000101', 'MA.1', 'salma'), keys('212661000101', 'MA.1', 'salma.i'), null],
  [keys('212661000101', 'MA.1'), keys('212661000101', 'MA.2', 'salma'), null], // an id of before or after
  [keys('212661000101', null), keys('212661000102', 'MA.2', 'karim'), null], // somebody else
])('to the keys %j the report %j adds %j', ([known, reported, expected]) => {
  expect(mergeRecipientKeys(known, reported)).toEqual(expected)
})

test('two people differ by phone or by user id', () => {
  expect(areDifferentPeople(keys('212661000101', null), keys(null, 'MA.1'))).toBe(false)
  expect(areDifferentPeople(keys('212661000101', null), keys('212661000102', null))).toBe(true)
})
