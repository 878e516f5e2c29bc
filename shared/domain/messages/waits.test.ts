import { expect, test } from 'vitest'
import { waitsUntil } from './waits.ts'

const at = (ms: number) => new Date(1_000_000 + ms)

test('waits of one reason are summed up, in the order in which they began', () => {
  const closed = [
    { reason: 'pair', since: at(50), ms: 10, times: 1 },
    { reason: 'rate', since: at(0), ms: 40, times: 2 },
  ]
  expect(waitsUntil(closed, { reason: 'rate', since: at(60) }, at(100))).toEqual([
    { reason: 'rate', since: at(0), ms: 80, times: 3 },
    { reason: 'pair', since: at(50), ms: 10, times: 1 },
  ])
})

test('without an open wait only the closed ones count, and a clock that runs back makes no wait negative', () => {
  expect(waitsUntil([], null, at(0))).toEqual([])
  expect(waitsUntil([], { reason: 'quota', since: at(5) }, at(0))).toEqual([{ reason: 'quota', since: at(5), ms: 0, times: 1 }])
})
