import pino from 'pino'
import { expect, test, vi } from 'vitest'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { Feeds } from './feed.ts'

const event = (seq: number, tenantId = 'a'): SequencedEvent => ({
  v: 1,
  eventId: `${tenantId}${seq}`,
  tenantId,
  name: 'client:status',
  at: '2026-11-20T10:00:00.000Z',
  clientId: null,
  conversationId: null,
  userId: null,
  payload: {},
  seq,
})

/** A feed that begins after `latest`, over a log that holds `seqs`. */
function feedsOver(seqs: number[], latest: number) {
  const emitted: number[] = []
  const readLog = vi.fn(async (_: string, after: number, limit: number) =>
    seqs
      .filter(seq => seq > after)
      .slice(0, limit)
      .map(seq => event(seq)),
  )
  const feeds = new Feeds({
    emit: ({ seq }) => emitted.push(seq),
    latest: async () => latest,
    readLog,
    log: pino({ level: 'silent' }),
  })
  return { feeds, emitted, readLog }
}

test('events in order are emitted at once, and repeated ones are not', async () => {
  const { feeds, emitted, readLog } = feedsOver([], 3)
  expect(await feeds.open('a')).toBe(3)
  feeds.accept([event(4), event(5), event(4)])
  feeds.accept([event(5), event(6), event(2)])
  expect(emitted).toEqual([4, 5, 6])
  expect(readLog).not.toHaveBeenCalled()
})

test('events that arrive out of order are emitted in order', async () => {
  const { feeds, emitted } = feedsOver([4, 5, 6], 3)
  await feeds.open('a')
  feeds.accept([event(6)])
  feeds.accept([event(5)])
  feeds.accept([event(4)])
  expect(emitted).toEqual([4, 5, 6])
})

test('missing events are read from the log', async () => {
  const { feeds, emitted } = feedsOver([4, 5, 6, 7], 3)
  await feeds.open('a')
  feeds.accept([event(7)])
  await vi.waitFor(() => expect(emitted).toEqual([4, 5, 6, 7]))
})

test('a seq that the log lacks too is skipped', async () => {
  const { feeds, emitted } = feedsOver([4, 6], 3)
  await feeds.open('a')
  feeds.accept([event(6)])
  await vi.waitFor(() => expect(emitted).toEqual([4, 6]))
})

test('events that arrive while the position is read are not lost', async () => {
  const { feeds, emitted } = feedsOver([], 3)
  const opened = feeds.open('a')
  feeds.accept([event(3), event(4)])
  await opened
  expect(emitted).toEqual([4])
})

test('catching up reads pages to the end', async () => {
  const { feeds, emitted } = feedsOver(
    Array.from({ length: 1200 }, (_, i) => i + 1),
    0,
  )
  await feeds.open('a')
  await feeds.catchUp('a')
  expect(emitted).toHaveLength(1200)
  expect(feeds.position('a')).toBe(1200)
})

test('events of a tenant without sockets are dropped', () => {
  const { feeds, emitted } = feedsOver([], 0)
  feeds.accept([event(1, 'b')])
  expect(emitted).toEqual([])
  expect(feeds.position('b')).toBeUndefined()
})
