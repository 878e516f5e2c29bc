import { expect, test } from 'vitest'
import { moves } from './backlog.ts'

test('what waits for a moment or a person is not on its way', () => {
  const reasons = ['ready', 'in_flight', 'rate', 'pair', 'quota', 'audience', 'paused', 'scheduled', 'unknown']
  expect(reasons.filter(moves)).toEqual(['ready', 'in_flight', 'rate', 'pair', 'quota', 'audience'])
})
