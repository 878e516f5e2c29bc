import { expect, test } from 'vitest'
import { onePerNumber } from './numbers.ts'

const number = (phoneNumberId: string, whatsappNumber: string, isRegistered = true) => ({
  phoneNumberId,
  whatsappNumber,
  isRegistered,
})
const ids = (rows: { phoneNumberId: string }[]) => rows.map(({ phoneNumberId }) => phoneNumberId)

test('[ON-07] numbers of their own stay in their order', () => {
  expect(ids(onePerNumber([number('2', '212600000002'), number('1', '212600000001')], null))).toEqual(['2', '1'])
})

test.for<[string, boolean, boolean, string | null, string]>([
  ['the registered id', false, true, null, 'old'],
  ['the newest of two registered ids', true, true, null, 'new'],
  ['the newest where neither is registered', false, false, null, 'new'],
  ['the id that the caller names', true, true, 'old', 'old'],
  ['the newest where the caller names another number', true, true, '7', 'new'],
])('[ON-07] of two ids of one phone number counts %s', ([, isNewRegistered, isOldRegistered, named, expected]) => {
  const listed = [number('new', '212600000001', isNewRegistered), number('old', '212600000001', isOldRegistered)]
  expect(ids(onePerNumber(listed, named))).toEqual([expected])
})
