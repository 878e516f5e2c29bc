import { expect, test } from 'vitest'
import { ConcurrencyLimiter } from './concurrency.ts'

test('campaigns get half of the permits, replies all that is left', async () => {
  const limiter = new ConcurrencyLimiter(10)
  expect(await limiter.reserve('campaign', 100)).toBe(5)
  expect(await limiter.reserve('chat', 100)).toBe(5)
  expect(limiter.inFlight).toBe(10)
})

test('a caller waits while no permit is free', async () => {
  const limiter = new ConcurrencyLimiter(1)
  await limiter.reserve('chat', 1)
  const next = limiter.reserve('chat', 3)
  limiter.release('chat')
  expect(await next).toBe(1)
})

test('a closed limiter grants no permit and lets no caller wait', async () => {
  const limiter = new ConcurrencyLimiter(1)
  await limiter.reserve('chat', 1)
  const waiting = limiter.reserve('chat', 1)
  limiter.close()
  expect(await waiting).toBe(0)
  expect(await limiter.reserve('chat', 1)).toBe(0)
})

test('a number may have 0.75 s of its rate in flight, at least twenty calls and at most a quarter of all', () => {
  const limiter = new ConcurrencyLimiter(1000)
  expect([10, 80, 400].map(rate => limiter.roomFor('a', rate))).toEqual([20, 60, 250])
  limiter.enterNumber('a')
  limiter.enterNumber('a')
  limiter.leaveNumber('a')
  expect(limiter.roomFor('a', 80)).toBe(59)
})

test('idle waits for the last call', async () => {
  const limiter = new ConcurrencyLimiter(2)
  await limiter.reserve('chat', 2)
  let isIdle = false
  const idle = limiter.idle().then(() => {
    isIdle = true
  })
  limiter.release('chat')
  await Promise.resolve()
  expect(isIdle).toBe(false)
  limiter.release('chat')
  await idle
})

test('a call returns its permit before its outcome is written; too many unwritten outcomes stop new calls', async () => {
  const limiter = new ConcurrencyLimiter(2)
  await limiter.reserve('chat', 2)
  limiter.endCall('chat')
  limiter.endCall('chat')
  expect(limiter.inFlight).toBe(0)
  expect(await limiter.reserve('chat', 5)).toBe(2)
  const next = limiter.reserve('chat', 1)
  limiter.endCall('chat')
  let isGranted = false
  void next.then(() => {
    isGranted = true
  })
  await Promise.resolve()
  expect(isGranted).toBe(false)
  limiter.written()
  expect(await next).toBe(1)
})

test('idle waits for unwritten outcomes too', async () => {
  const limiter = new ConcurrencyLimiter(1)
  await limiter.reserve('chat', 1)
  limiter.endCall('chat')
  let isIdle = false
  const idle = limiter.idle().then(() => {
    isIdle = true
  })
  await Promise.resolve()
  expect(isIdle).toBe(false)
  limiter.written()
  await idle
})
