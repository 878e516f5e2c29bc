import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect } from 'vitest'
import type { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import type { EventDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { realtimeEventOf } from '#shared/model/realtime-event.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq } from '#shared/store/events/sequence.ts'
import { migrate } from '#shared/store/migrate.ts'
import { commandsOf, connectCounted } from '#test/support/commands.ts'
import { test as base } from '#test/support/world.ts'

/** `connect` opens the store of another process. */
const test = base.extend<{ store: Store; connect: () => Promise<Store> }>({
  connect: async ({ world }, use) => {
    await using stack = new AsyncDisposableStack()
    await use(async () => stack.use(await connectCounted(world.mongodbUri)))
  },
  store: async ({ connect }, use) => {
    const store = await connect()
    await migrate(store)
    await use(store)
  },
})

const conversations = [newId(), newId(), newId()]

/** Of a tenant of its own for each test, and each seed. */
let tenantId = newId()
beforeEach(() => {
  tenantId = newId()
})

function eventDoc(name: EventDoc['name'], conversation = 0, payload: Record<string, unknown> = {}): EventDoc {
  const at = new Date()
  const conversationId = conversations[conversation] ?? null
  const about = { clientId: null, conversationId, userId: null }
  return { _id: String(newId()), tenantId, name, at, ...about, payload, createdAt: at }
}

/** Stores events as their services do. @returns what they publish */
async function publish(store: Store, events: EventDoc[]): Promise<RealtimeEvent[]> {
  await store.raw.events.insertMany(events)
  return events.map(realtimeEventOf)
}

const messages = (count: number) => Array.from({ length: count }, () => eventDoc('message:status'))
const seqOf = async (store: Store, { eventId }: RealtimeEvent) => (await store.raw.events.findOne({ _id: eventId }))?.seq

describe('numbering', () => {
  test('is one command for a batch, and two more for the first one of a tenant', async ({ store }) => {
    const batches = [await publish(store, messages(3)), await publish(store, messages(20)), await publish(store, messages(1))]
    const recorded = commandsOf(store)
    recorded.length = 0
    const commands = () => recorded.splice(0).map(({ name }) => name)
    const [first, second, third] = batches as [RealtimeEvent[], RealtimeEvent[], RealtimeEvent[]]
    expect((await assignSeq(store, first)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(commands()).toEqual(['find events', 'find events', 'find counters', 'update events'])
    expect((await assignSeq(store, second)).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 4))
    expect(commands()).toEqual(['update events'])
    expect((await assignSeq(store, third)).map(({ seq }) => seq)).toEqual([24])
    expect(commands()).toEqual(['update events'])
  })

  test('leaves no gap for an event that comes again unannounced, and keeps its seq', async ({ store }) => {
    const events = await publish(store, messages(6))
    await assignSeq(store, events.slice(0, 3))
    const [, two, three, four, five, six] = events as [RealtimeEvent, ...RealtimeEvent[]]
    const again = await assignSeq(store, [four, two, five, three, six] as RealtimeEvent[])
    expect(again.map(({ eventId, seq }) => [eventId, seq])).toEqual(
      [two, three, four, five, six].map((event, i) => [event?.eventId, i + 2]),
    )
  })

  test('leaves no gap for an event whose row another process deleted meanwhile', async ({ store }) => {
    const [before] = await assignSeq(store, await publish(store, messages(1)))
    const [gone, ...kept] = await publish(store, messages(3))
    await store.raw.events.deleteOne({ _id: gone?.eventId as string })
    const sequenced = await assignSeq(store, [gone as RealtimeEvent, ...kept])
    expect(sequenced.map(({ eventId, seq }) => [eventId, seq])).toEqual(
      kept.map(({ eventId }, i) => [eventId, (before?.seq as number) + 1 + i]),
    )
    expect(await store.raw.events.findOne({ _id: gone?.eventId as string })).toBeNull()
  })

  test('leaves out events whose rows are gone', async ({ store }) => {
    const events = await publish(store, messages(3))
    await store.raw.events.deleteOne({ _id: events[1]?.eventId as string })
    expect((await assignSeq(store, events)).map(({ eventId }) => eventId)).toEqual([events[0]?.eventId, events[2]?.eventId])
  })

  test('does not number the row of another tenant', async ({ store }) => {
    const [event, other] = (await publish(store, messages(2))) as [RealtimeEvent, RealtimeEvent]
    const [known] = await publish(store, [{ ...eventDoc('message:status'), tenantId: newId() }])
    await assignSeq(store, [event, known as RealtimeEvent])
    const foreign = { ...other, tenantId: (known as RealtimeEvent).tenantId }
    expect(await assignSeq(store, [foreign])).toEqual([])
    expect(await seqOf(store, other)).toBeUndefined()
  })

  test('of several updates of a conversation the last stays, with the fields of all', async ({ store }) => {
    await assignSeq(store, await publish(store, messages(1)))
    const updates = [{ unreadCount: 1, labels: ['$a'] }, { unreadCount: 2 }]
    const events = updates.map(update => eventDoc('conversation:updated', 0, { updates: update }))
    const numbered = await assignSeq(store, await publish(store, events))
    expect(numbered).toMatchObject([{ seq: 2, payload: { updates: { unreadCount: 2, labels: ['$a'] } } }])
    const rows = await store.raw.events.find({ name: 'conversation:updated' }).toArray()
    expect(rows).toMatchObject([{ _id: events[1]?._id, seq: 2, payload: { updates: { unreadCount: 2, labels: ['$a'] } } }])
  })
})

/** mulberry32: the same numbers for the same seed. */
function random(seed: number) {
  let a = seed
  return (below: number) => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/**
 * Numbers a queue of events by processes that are killed, or lose the queue while they go on: the next one gets from the first
 * event that was not acked. Now and then events come again, unannounced.
 */
async function numberAll(stores: Store[], queue: RealtimeEvent[], seed: number): Promise<void> {
  const next = random(seed)
  const lost: Promise<unknown>[] = []
  let owner = 0
  let acked = 0
  let delivered = 0
  while (acked < queue.length) {
    const batch = queue.slice(acked, acked + 1 + next(8))
    const isRepeated = acked < delivered
    delivered = Math.max(delivered, acked + batch.length)
    const repeats = next(3) > 0 ? [] : Array.from({ length: 1 + next(2) }, () => queue[next(acked + 1)] as RealtimeEvent)
    const numbered = assignSeq(stores[owner] as Store, [...repeats, ...batch], isRepeated)
    if (next(3) === 0) {
      lost.push(numbered.catch(() => undefined))
      owner = (owner + 1) % stores.length
      if (next(2) === 0) await sleep(next(4))
    } else {
      await numbered
      acked += batch.length
    }
  }
  await Promise.all(lost)
}

describe('with processes that are killed or lose their queue at any moment', () => {
  test('every event gets a seq, in the order of the queue and without a gap', async ({ store, connect }) => {
    const stores = [store, await connect(), await connect()]
    for (let seed = 1; seed <= 25; seed++) {
      tenantId = newId()
      const events = Array.from({ length: 40 }, (_, i) => eventDoc('message:status', i % 3))
      await numberAll(stores, await publish(store, events), seed)
      const rows = await store.raw.events.find({ tenantId }).sort({ seq: 1 }).toArray()
      const expected = events.map(({ _id }, i) => [_id, i + 1])
      expect(
        rows.map(row => [row._id, row.seq]),
        `seed ${seed}`,
      ).toEqual(expected)
    }
  })

  test('every conversation keeps its order when its updates are coalesced, and shows the last one', async ({
    store,
    connect,
  }) => {
    const stores = [store, await connect()]
    for (let seed = 1; seed <= 25; seed++) {
      tenantId = newId()
      const events = Array.from({ length: 40 }, (_, i) =>
        i % 2
          ? eventDoc('conversation:updated', i % 3, { updates: { place: i } })
          : eventDoc('message:status', i % 3, { place: i }),
      )
      await numberAll(stores, await publish(store, events), seed)
      const rows = await store.raw.events.find({ tenantId }).sort({ seq: 1 }).toArray()
      expect(rows.every(row => typeof row.seq === 'number')).toBe(true)
      for (const conversationId of conversations) {
        const own = (list: EventDoc[]) => list.filter(event => event.conversationId?.equals(conversationId)).map(({ _id }) => _id)
        const order = own(events)
        const kept = own(rows)
        expect(kept, `seed ${seed}`).toEqual(order.filter(id => kept.includes(id)))
        expect(kept.at(-1)).toBe(order.at(-1))
      }
      const facts = (list: EventDoc[]) => list.filter(({ name }) => name === 'message:status').length
      expect(facts(rows)).toBe(facts(events))
    }
  })
})
