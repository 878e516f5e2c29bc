import { expect, test, vi } from 'vitest'
import { TakeAhead } from './take-ahead.ts'

test('messages are taken shortly before their send slots, those of one tick together', () => {
  vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout'] })
  try {
    const soon: number[][] = []
    const ahead = new TakeAhead<{ dueAt: number }>(group => void soon.push(group.map(({ dueAt }) => dueAt)))
    const at = (...dueAts: number[]) => dueAts.map(dueAt => ({ dueAt }))
    expect(ahead.add(at(0, 90, 100, 160)).map(({ dueAt }) => dueAt)).toEqual([0, 90])
    expect(ahead.add(at(140, 330))).toEqual([])
    expect(soon).toEqual([])
    vi.advanceTimersByTime(50)
    expect(soon).toEqual([[100, 140]])
    vi.advanceTimersByTime(300)
    expect(soon).toEqual([[100, 140], [160], [330]])
  } finally {
    vi.useRealTimers()
  }
})
