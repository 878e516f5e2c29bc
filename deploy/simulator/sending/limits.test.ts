import { expect, test } from 'vitest'
import { createLimits, PAIR_BURST, PAIR_INTERVAL_MS } from './limits.ts'

test('a client that spaces its sends after a burst of eight never meets the throughput limit', () => {
  const limits = createLimits()
  const sendTimes = Array.from({ length: 1000 }, (_, sent) => Math.max(0, (sent - 7) * 12.5))
  for (const at of sendTimes) {
    expect(limits.throughputIsFree('n', 80, at)).toBe(true)
    limits.charge('n', 80, `n:${at}`, at)
  }
})

test('a flood is cut to the rate and a small burst', () => {
  const limits = createLimits()
  let accepted = 0
  for (let at = 0; at < 1000; at++) {
    if (!limits.throughputIsFree('n', 80, at)) continue
    limits.charge('n', 80, `n:${at}`, at)
    accepted++
  }
  expect(accepted).toBeGreaterThanOrEqual(80)
  expect(accepted).toBeLessThanOrEqual(80 + 33)
})

test('one person takes 45 messages at once, then one every 6 s, and waiting restores the burst', () => {
  const limits = createLimits()
  const takeAt = (at: number) => {
    const isFree = limits.pairIsFree('n:p', at)
    if (isFree) limits.charge('n', 1000, 'n:p', at)
    return isFree
  }
  expect(Array.from({ length: PAIR_BURST }, () => takeAt(0)).every(Boolean)).toBe(true)
  expect(takeAt(0)).toBe(false)
  expect(takeAt(PAIR_INTERVAL_MS)).toBe(true)
  expect(takeAt(PAIR_INTERVAL_MS)).toBe(false)
  const afterAll = (PAIR_BURST + 2) * PAIR_INTERVAL_MS
  expect(Array.from({ length: PAIR_BURST }, () => takeAt(afterAll)).every(Boolean)).toBe(true)
})

test('numbers do not share a limit', () => {
  const limits = createLimits()
  for (let sent = 0; sent < 100; sent++) limits.charge('a', 80, `a:${sent}`, 0)
  expect(limits.throughputIsFree('a', 80, 0)).toBe(false)
  expect(limits.throughputIsFree('b', 80, 0)).toBe(true)
})
