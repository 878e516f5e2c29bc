import { expect, test } from 'vitest'
import { initialsOf } from './initials.ts'

test.for([
  ['Salma Bennani', 'SB'],
  ['salma', 'S'],
  ['Karim El Idrissi', 'KI'],
  ['@nadia.tazi', 'NT'],
  ['يوسف العلوي', 'يا'],
  ['+212 661 00 01 01', null],
  ['🙏 Merci', 'M'],
  ['', null],
  [null, null],
])('%s is %s', ([name, initials]) => {
  expect(initialsOf(name as string | null)?.replaceAll('\u200c', '') ?? null).toBe(initials)
})
