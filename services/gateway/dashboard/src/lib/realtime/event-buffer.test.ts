import { expect, test, vi } from 'vitest'
import { createBatcher, createJournal, type LiveEvent } from './event-buffer.ts'

const event = (seq: number): LiveEvent => ({ name: 'client:status', event: { eventId: `e${seq}`, seq, at: '' } })
const seqs = (events: LiveEvent[] | null) => events?.map(live => live.event.seq) ?? null

test('the journal knows what came after an answer was asked for', () => {
  const journal = createJournal()
  expect([journal.last(), seqs(journal.since(0))]).toEqual([0, []])
  for (const seq of [5, 6, 7]) journal.add(event(seq))
  expect([journal.last(), seqs(journal.since(5))]).toEqual([7, [6, 7]])
})

test('what it has forgotten it does not pretend to know', () => {
  const journal = createJournal({ most: 2, ms: 60_000 })
  for (let seq = 1; seq <= 6; seq++) journal.add(event(seq))
  expect(journal.since(1)).toBeNull()
  expect(seqs(journal.since(5))).toEqual([6])
  journal.clear()
  expect([journal.since(3), seqs(journal.since(6))]).toEqual([null, []])
})

test('events are kept for the time that a request may take, and forgotten after twice that time', () => {
  let now = 0
  const journal = createJournal({ most: 2000, ms: 10 }, () => now)
  journal.add(event(1))
  for (const [at, seq] of [
    [11, 2],
    [21, 3],
  ] as const) {
    now = at
    journal.add(event(seq))
  }
  expect(seqs(journal.since(0))).toEqual([1, 2, 3])
  now = 22
  journal.add(event(4))
  expect([journal.since(0), seqs(journal.since(1))]).toEqual([null, [2, 3, 4]])
})

test('events of one frame are handed over together, in their order', () => {
  vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'setTimeout', 'clearTimeout'] })
  const batches: LiveEvent[][] = []
  const add = createBatcher(events => batches.push(events))
  for (const seq of [1, 2, 3]) add(event(seq))
  expect(batches).toEqual([])
  vi.advanceTimersByTime(200)
  add(event(4))
  vi.advanceTimersByTime(200)
  expect(batches.map(seqs)).toEqual([[1, 2, 3], [4]])
  vi.useRealTimers()
})

test('a hidden tab, which draws no frames, gets them too', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('requestAnimationFrame', () => 1)
  const batches: LiveEvent[][] = []
  const add = createBatcher(events => batches.push(events), 100)
  add(event(1))
  vi.advanceTimersByTime(100)
  expect(batches.map(seqs)).toEqual([[1]])
  vi.unstubAllGlobals()
  vi.useRealTimers()
})
