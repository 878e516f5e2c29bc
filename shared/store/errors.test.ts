import { expect, test } from 'vitest'
import { duplicatesOf, isDuplicateKey } from './errors.ts'

test.for([
  [{ code: 11_000 }, true],
  [{ code: 112 }, false],
  [new Error('E11000'), false],
  [null, false],
] as const)('%j is a duplicate key: %s', ([error, expected]) => {
  expect(isDuplicateKey(error)).toBe(expected)
})

test.for<[string, unknown, number[] | null]>([
  ['two duplicates', { writeErrors: [3, 7].map(index => ({ code: 11_000, index })) }, [3, 7]],
  ['one duplicate that is not in a list', { writeErrors: { code: 11_000, index: 2 } }, [2]],
  [
    'a duplicate and another error',
    {
      writeErrors: [
        { code: 11_000, index: 0 },
        { code: 121, index: 1 },
      ],
    },
    null,
  ],
  ['an error of the connection', new Error('closed'), null],
  ['no error', undefined, null],
])('a bulk with %s', ([, error, expected]) => {
  expect(duplicatesOf(error)).toEqual(expected)
})
