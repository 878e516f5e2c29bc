import { expect, test } from 'vitest'
import { createSequence } from './sequence.ts'

const named = (seq: number, replay?: true) => ({
  name: 'client:status',
  event: { eventId: `e${seq}`, seq, tenantId: 't', at: '2026-11-20T10:00:00.000Z', replay },
})
const seqs = (result: { due: { event: { seq: number } }[] }) => result.due.map(({ event }) => event.seq)

test('begins with the first session and releases each event once', () => {
  const sequence = createSequence()
  expect(sequence.reach(7)).toBe(true)
  expect(seqs(sequence.take(named(7)))).toEqual([])
  expect(seqs(sequence.take(named(8)))).toEqual([8])
  expect(seqs(sequence.take(named(8)))).toEqual([])
})

test('holds an event back until the missing ones are replayed', () => {
  const sequence = createSequence(3)
  const ahead = sequence.take(named(6))
  expect([seqs(ahead), ahead.isBehind]).toEqual([[], true])
  expect(seqs(sequence.take(named(4, true)))).toEqual([4])
  expect(seqs(sequence.take(named(5, true)))).toEqual([5, 6])
  expect(sequence.settle(6)).toEqual({ due: [], isBehind: false })
})

test('continues after a reset, with the events that came meanwhile', () => {
  const sequence = createSequence(3)
  sequence.take(named(90))
  sequence.take(named(91))
  expect(seqs(sequence.restart(90))).toEqual([91])
  sequence.restart(2)
  expect(sequence.last).toBe(2)
})

test('a tick reveals a lost last event', () => {
  const sequence = createSequence(3)
  expect(sequence.reach(3)).toBe(true)
  expect(sequence.reach(4)).toBe(false)
})
