import { expect, test } from 'vitest'
import { Slots } from './concurrency.ts'

test('campaigns get half of the slots, replies all that is left', async () => {
  const slots = new Slots(10)
  expect(await slots.reserve('b', 100)).toBe(5)
  expect(await slots.reserve('c', 100)).toBe(5)
  expect(slots.inFlight).toBe(10)
})

test('who finds none waits for one', async () => {
  const slots = new Slots(1)
  await slots.reserve('c', 1)
  const next = slots.reserve('c', 3)
  slots.release('c')
  expect(await next).toBe(1)
})

test('once closed, nobody gets one and nobody waits', async () => {
  const slots = new Slots(1)
  await slots.reserve('c', 1)
  const waiting = slots.reserve('c', 1)
  slots.close()
  expect(await waiting).toBe(0)
  expect(await slots.reserve('c', 1)).toBe(0)
})

test('a number has room for 0.75 s of its rate, for twenty at least and a quarter of all at most', () => {
  const slots = new Slots(1000)
  expect([10, 80, 400].map(rate => slots.roomFor('a', rate))).toEqual([20, 60, 250])
  slots.enterNumber('a')
  slots.enterNumber('a')
  slots.leaveNumber('a')
  expect(slots.roomFor('a', 80)).toBe(59)
})

test('idle waits for the last call', async () => {
  const slots = new Slots(2)
  await slots.reserve('c', 2)
  let isIdle = false
  const idle = slots.idle().then(() => {
    isIdle = true
  })
  slots.release('c')
  await Promise.resolve()
  expect(isIdle).toBe(false)
  slots.release('c')
  await idle
})

test('a call that has ended leaves its slot before its outcome is written; too many unwritten ones stop new calls', async () => {
  const slots = new Slots(2)
  await slots.reserve('c', 2)
  slots.endCall('c')
  slots.endCall('c')
  expect(slots.inFlight).toBe(0)
  expect(await slots.reserve('c', 5)).toBe(2)
  const next = slots.reserve('c', 1)
  slots.endCall('c')
  let isGranted = false
  void next.then(() => {
    isGranted = true
  })
  await Promise.resolve()
  expect(isGranted).toBe(false)
  slots.written()
  expect(await next).toBe(1)
})

test('idle waits for what is unwritten too', async () => {
  const slots = new Slots(1)
  await slots.reserve('c', 1)
  slots.endCall('c')
  let isIdle = false
  const idle = slots.idle().then(() => {
    isIdle = true
  })
  await Promise.resolve()
  expect(isIdle).toBe(false)
  slots.written()
  await idle
})
