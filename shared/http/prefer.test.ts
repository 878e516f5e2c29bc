import { expect, test } from 'vitest'
import { preferredWait } from './prefer.ts'

test.for<[string | undefined, number | null]>([
  ['wait=5', 5],
  ['respond-async, wait=3', 3],
  ['Wait = "7"; foo', 7],
  ['wait=60', 10],
  ['wait=2, wait=9', 2],
  ['wait=0', null],
  ['wait=soon', null],
  ['wait=-1', null],
  ['await=5', null],
  ['return=minimal; wait=5', null],
  ['', null],
  [undefined, null],
])('%j waits %j seconds', ([prefer, expected]) => {
  expect(preferredWait(prefer, 10)).toBe(expected)
})
