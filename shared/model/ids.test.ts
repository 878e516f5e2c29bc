import { expect, test } from 'vitest'
import { isId, newId, toId } from './ids.ts'

const TEXT = '65a000000000000000000001'

test('an id goes to text and back', () => {
  expect(String(toId(TEXT))).toBe(TEXT)
  expect(String(toId(TEXT.toUpperCase()))).toBe(TEXT)
  const id = newId()
  expect(toId(id)).toBe(id)
  expect(isId(id)).toBe(true)
  expect(isId(TEXT)).toBe(true)
})

test.for<[unknown, string]>([
  ['x', '"x" is not an id'],
  ['', '"" is not an id'],
  [`${TEXT}0`, `"${TEXT}0" is not an id`],
  ['abcdefghijkl', '"abcdefghijkl" is not an id'],
  [TEXT.repeat(9), `"${TEXT}${TEXT.slice(0, 16)}" is not an id`],
  [7, 'a value of type number is not an id'],
  [null, 'null is not an id'],
  [undefined, 'a value of type undefined is not an id'],
  [{ $ne: null }, 'a value of type object is not an id'],
  [[TEXT], 'a value of type object is not an id'],
])('%j is not an id', ([value, message]) => {
  expect(isId(value)).toBe(false)
  expect(() => toId(value)).toThrow(message)
})
