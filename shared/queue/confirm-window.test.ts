import { expect, test } from 'vitest'
import { ConfirmWindow } from './confirm-window.ts'

/** A window with n publishes of 10 bytes, due at 1000, 2000, …; `ends` holds how each ended. */
function windowOf(n: number) {
  const window = new ConfirmWindow()
  const ends: string[] = Array.from({ length: n }, () => 'open')
  for (let i = 0; i < n; i++) {
    window.add({
      exchange: 'e',
      routingKey: `k${i}`,
      bytes: 10,
      deadline: (i + 1) * 1000,
      resolve: () => {
        ends[i] = 'taken'
      },
      reject: error => {
        ends[i] = error.reason
      },
    })
  }
  return { window, ends }
}

test('one confirm settles one publish, or all up to its tag', () => {
  const { window, ends } = windowOf(5)
  window.settle(4, false, true)
  expect(ends).toEqual(['open', 'open', 'open', 'taken', 'open'])
  window.settle(3, true, true)
  expect(ends).toEqual(['taken', 'taken', 'taken', 'taken', 'open'])
  expect([window.size, window.bytes]).toEqual([1, 10])
})

test('a nack fails only the publishes that it covers', () => {
  const { window, ends } = windowOf(3)
  window.settle(1, false, true)
  window.settle(2, true, false)
  expect(ends).toEqual(['taken', 'nacked', 'open'])
})

test('a returned publish fails although its confirm follows', () => {
  const { window, ends } = windowOf(2)
  window.fail(1, 'returned', 'no queue')
  window.settle(2, true, true)
  expect(ends).toEqual(['returned', 'taken'])
})

test('a late publish fails once, and its late confirm is accepted', () => {
  const { window, ends } = windowOf(3)
  expect(window.failLate(2000).map(late => late.routingKey)).toEqual(['k0', 'k1'])
  expect(window.failLate(2000)).toEqual([])
  expect(ends).toEqual(['timeout', 'timeout', 'open'])
  expect(window.late).toBe(2)
  window.settle(3, true, true)
  expect(ends).toEqual(['timeout', 'timeout', 'taken'])
  expect(window.late).toBe(0)
})

test('all open publishes fail when the channel closes', () => {
  const { window, ends } = windowOf(2)
  window.settle(1, false, true)
  window.failAll('disconnected', 'the channel closed')
  expect(ends).toEqual(['taken', 'disconnected'])
  expect([window.size, window.bytes, window.nextTag]).toEqual([0, 0, 3])
})
