import { expect, test } from 'vitest'
import { namesPerson } from './erase-views.ts'

const KEYS = ['212661830001', 'MA.83000111222333444555']

test.for([
  ['+212 661-830001', true],
  ['0661830001', true],
  ['661 830 001', true],
  ['00212661830001', true],
  ['of MA.83000111222333444555', true],
  ['212661830002', false],
  ['830001', false],
  ['open', false],
  ['5', false],
] as const)('[F55] a saved view with %s names the person: %s', ([text, isNamed]) => {
  expect(namesPerson(text, KEYS)).toBe(isNamed)
})
