import { expect, test } from 'vitest'
import { keysByText, sentencesOf } from './sentence.ts'

const TEXTS = {
  'row-repeated': 'The contact is already in row {row}.',
  'file.(a)': 'Is {a} in {b}? (yes)',
  plain: 'Nothing.',
} as const
const sentence = sentencesOf<keyof typeof TEXTS>(TEXTS)

test('a sentence has its text and its key with values', () => {
  expect(sentence('row-repeated', { row: 7 })).toEqual({
    key: 'row-repeated',
    parameters: { row: '7' },
    text: 'The contact is already in row 7.',
  })
  expect(sentence('plain').text).toBe('Nothing.')
})

test('the key of a sentence is found by its text, with its values', () => {
  const find = keysByText(TEXTS)
  expect(find(sentence('row-repeated', { row: 12 }).text)).toEqual({ key: 'row-repeated', parameters: { row: '12' } })
  expect(find('Is this one in a list? (yes)')).toEqual({ key: 'file.(a)', parameters: { a: 'this one', b: 'a list' } })
  expect(find('Nothing.')).toEqual({ key: 'plain', parameters: {} })
  expect([find('Nothing. '), find('Is a in b? yes'), find(null), find('')]).toEqual([null, null, null, null])
})
