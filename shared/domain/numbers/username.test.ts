import { expect, test } from 'vitest'
import { normalizedUsername, type UsernameProblem, usernameProblem } from './username.ts'

test.for<[name: string, problem: UsernameProblem | null]>([
  ['abc', null],
  ['atlas.recrutement', null],
  ['Atlas_RH', null],
  ['@atlas', null],
  ['_9a_', null],
  ['a'.repeat(35), null],
  ['atlas.community', null],
  ['atlascom', null],
  ['ab', 'length'],
  ['@ab', 'length'],
  ['', 'length'],
  ['a'.repeat(36), 'length'],
  ['atlas rh', 'characters'],
  ['atlas-rh', 'characters'],
  ['atlasé', 'characters'],
  ['أطلس', 'characters'],
  ['12345', 'letter'],
  ['1._.2', 'letter'],
  ['.atlas', 'dots'],
  ['atlas.', 'dots'],
  ['atlas..rh', 'dots'],
  ['www.atlas', 'www'],
  ['WWWatlas', 'www'],
  ['atlas.com', 'domain'],
  ['atlas.rh.ORG', 'domain'],
  ['index.html', 'domain'],
])('the username %j has the problem %s', ([name, problem]) => {
  expect(usernameProblem(name)).toBe(problem)
})

test('names are compared without case, spaces around them and a leading @', () => {
  expect(normalizedUsername(' @Atlas.RH ')).toBe('atlas.rh')
})
