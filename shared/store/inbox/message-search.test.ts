import { expect, test } from 'vitest'
import { allWords } from './message-search.ts'

test.for([
  ['invoice', '"invoice"'],
  ['  paid   invoice ', '"paid" "invoice"'],
  ['paid -invoice', '"paid" "-invoice"'],
  ['say "a b" \\"', '"say" "a" "b"'],
  ['"', ''],
] as const)('a search for %j becomes %j', ([q, expected]) => {
  expect(allWords(q)).toBe(expected)
})
