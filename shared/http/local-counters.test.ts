import { expect, test } from 'vitest'
import { LocalCounters } from './local-counters.ts'

function open(capacity: number) {
  const clock = { now: 0 }
  return { clock, counters: new LocalCounters({ capacity, now: () => clock.now }) }
}

test('a window counts from its first request to its end', () => {
  const { clock, counters } = open(10)
  expect(counters.add('a', 1000)).toEqual({ count: 1, leftMs: 1000 })
  clock.now = 600
  expect(counters.add('a', 1000)).toEqual({ count: 2, leftMs: 400 })
  expect(counters.peek('a')).toEqual({ count: 2, leftMs: 400 })
  counters.giveBack('a')
  expect(counters.peek('a').count).toBe(1)
  clock.now = 1000
  expect(counters.peek('a')).toEqual({ count: 0, leftMs: 0 })
  expect(counters.add('a', 1000)).toEqual({ count: 1, leftMs: 1000 })
})

test('[F48] a flood of keys resets no counter and gets none without a limit', () => {
  const { counters } = open(100)
  for (let i = 0; i < 9; i++) counters.add('guessed', 60_000)
  for (let i = 0; i < 99; i++) counters.add(`first-${i}`, 60_000)
  let most = 0
  for (let i = 0; i < 20_000; i++) most = Math.max(most, counters.add(`flood-${i}`, 60_000).count)
  expect(counters.add('guessed', 60_000).count).toBe(10)
  expect(counters.peek('first-5').count).toBe(1)
  expect(most).toBeGreaterThan(10)
})

test('expired windows make room, at most one look for them a second', () => {
  const { clock, counters } = open(10)
  for (let i = 0; i < 10; i++) counters.add(`old-${i}`, 1000)
  counters.add('late', 5000)
  clock.now = 1000
  expect(counters.add('new', 1000)).toEqual({ count: 1, leftMs: 1000 })
  counters.forget('new')
  expect(counters.peek('new').count).toBe(0)
})
