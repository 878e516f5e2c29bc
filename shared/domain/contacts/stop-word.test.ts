import { expect, test } from 'vitest'
import { isStopWord } from './stop-word.ts'

test.for<[string | null, boolean]>([
  ['STOP', true],
  [' stop. ', true],
  ['« Arrêt ! »', true],
  ['stop by tomorrow', false],
  ['', false],
  ['!', false],
  [null, false],
])('%j is a stop word: %s', ([text, expected]) => {
  expect(isStopWord(text)).toBe(expected)
})

test('a tenant may set its own stop words, or none', () => {
  expect([isStopWord('BAJA', ['baja']), isStopWord('توقف', ['توقف']), isStopWord('STOP', [])]).toEqual([true, true, false])
})
