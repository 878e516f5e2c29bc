import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TimingWheel } from './timing-wheel.ts'

beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout'] }))
afterEach(() => void vi.useRealTimers())

function wheelOf(tickMs: number) {
  const released: string[][] = []
  return { released, wheel: new TimingWheel<string>({ tickMs }, group => void released.push(group)) }
}

test('items of one tick are released together at its start, in the order in which they came', () => {
  const { wheel, released } = wheelOf(40)
  wheel.add('a', 2)
  wheel.add('b', 1)
  wheel.add('c', 2)
  vi.advanceTimersByTime(39)
  expect(released).toEqual([])
  vi.advanceTimersByTime(1)
  expect(released).toEqual([['b']])
  vi.advanceTimersByTime(40)
  expect(released).toEqual([['b'], ['a', 'c']])
})

test('a tick that has passed is released at once, and one that was released may be used again', () => {
  const { wheel, released } = wheelOf(40)
  vi.advanceTimersByTime(100)
  wheel.add('a', 1)
  vi.advanceTimersByTime(1)
  wheel.add('b', 1)
  vi.advanceTimersByTime(1)
  expect(released).toEqual([['a'], ['b']])
})

test('an item that is added while its group is released waits for a group of its own', () => {
  const released: string[][] = []
  const wheel: TimingWheel<string> = new TimingWheel({ tickMs: 10 }, group => {
    released.push([...group])
    if (released.length === 1) wheel.add('b', 1)
  })
  wheel.add('a', 1)
  vi.advanceTimersByTime(20)
  expect(released).toEqual([['a'], ['b']])
})
