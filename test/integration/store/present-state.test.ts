import { afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { republishEvents } from '#services/sender/background/republish-events.ts'
import type { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import type { ConversationDoc, EventDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { realtimeEventOf } from '#shared/model/realtime-event.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq } from '#shared/store/events/sequence.ts'
import { migrate } from '#shared/store/migrate.ts'
import { conversationEdited, conversationUpdated } from '#shared/views/events.ts'
import { createSenderWorld } from '#test/load/sender-world.ts'
import { commandsOf, connectCounted } from '#test/support/commands.ts'
import { test as base } from '#test/support/world.ts'
import { log } from '#test/support/worlds/ingest.ts'

/** `numberer` is another process that numbers events. */
const test = base.extend<{ store: Store; numberer: Store }>({
  store: async ({ world }, use) => {
    await using store = await connectCounted(world.mongodbUri)
    await migrate(store)
    await use(store)
  },
  numberer: async ({ world }, use) => {
    await using store = await connectCounted(world.mongodbUri)
    await use(store)
  },
})

const AGENT = { id: newId(), name: 'Agent' }
const START = Date.parse('2026-11-28T10:00:00Z')
let time = START
function next(): Date {
  time += 1000
  return new Date(time)
}
beforeEach(() => {
  time = START
})

async function conversationIn(store: Store): Promise<ConversationDoc> {
  const { conversations } = await createSenderWorld(store, {} as never, { conversations: 1 })
  return conversations[0] as ConversationDoc
}

/** The recorder does not wait for the journal before it publishes. */
const AS_RECORDER = { writeConcern: { w: 1, j: false } }

/** What the recorder writes and tells after `messageCount` messages, knowing the conversation as it was before. */
async function record(store: Store, known: ConversationDoc, messageCount: number): Promise<EventDoc> {
  const after = { messageCount, unreadCount: messageCount }
  await store.raw.conversations.updateOne({ _id: known._id }, { $set: after }, AS_RECORDER)
  return conversationUpdated(`u:${known._id}:${messageCount}`, { ...known, ...after }, next())
}

/** What the gateway writes and tells when an agent reads a conversation and takes it. */
async function edit(store: Store, { _id }: ConversationDoc): Promise<EventDoc> {
  const change = { unreadCount: 0, assignedTo: AGENT }
  const row = await store.raw.conversations.findOneAndUpdate({ _id }, { $set: change }, { returnDocument: 'after' })
  return conversationEdited(newId(), row as ConversationDoc, next())
}

/** Stores events as their services do, and numbers each as it would come, one at a time. */
async function number(store: Store, events: EventDoc[], by = store): Promise<RealtimeEvent[]> {
  await store.raw.events.insertMany(events, AS_RECORDER)
  const numbered: RealtimeEvent[] = []
  for (const event of events) numbered.push(...(await assignSeq(by, [realtimeEventOf(event)])))
  return numbered
}

/** Numbers a first event of the tenant, so long ago that this process has numbered everything that can still be late. */
async function begin(store: Store, known: ConversationDoc): Promise<void> {
  await number(store, [await record(store, known, 1)])
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000)
}
afterEach(() => void vi.restoreAllMocks())

const shown = ({ payload }: Pick<RealtimeEvent, 'payload'>) => {
  const { messageCount, unreadCount, assignedTo } = payload.conversation as ConversationDoc
  return { messageCount, unreadCount, assignedTo: assignedTo && String(assignedTo.id) }
}
const lastRow = async ({ raw }: Store) => (await raw.events.find({}).sort({ seq: -1 }).limit(1).next()) as EventDoc

describe('the last update of a conversation shows all that was written', () => {
  const all = { messageCount: 3, unreadCount: 3, assignedTo: String(AGENT.id) }

  test('when a user changed it and was told of behind newer messages', async ({ store }) => {
    const known = await conversationIn(store)
    await begin(store, known)
    const edited = await edit(store, known)
    const recorded = await record(store, known, 3)
    const [, last] = await number(store, [recorded, edited])
    expect(shown(last as RealtimeEvent)).toEqual(all)
    expect(shown(await lastRow(store))).toEqual(all)
    expect((last as RealtimeEvent).payload.updates).toMatchObject({ messageCount: 3, unreadCount: 3, labels: [] })
  })

  test('when the recorder had read it before a user changed it', async ({ store }) => {
    const known = await conversationIn(store)
    await begin(store, known)
    const edited = await edit(store, known)
    const recorded = await record(store, known, 3)
    const [, last] = await number(store, [edited, recorded])
    expect(shown(last as RealtimeEvent)).toEqual(all)
    expect(shown(await lastRow(store))).toEqual(all)
  })

  test('when an update has waited in the outbox', async ({ store }) => {
    const known = await conversationIn(store)
    await begin(store, known)
    const waited = await record(store, known, 2)
    const recorded = await record(store, known, 3)
    await number(store, [recorded])
    await store.raw.events.insertOne(waited)
    const published: EventDoc[] = []
    const publishing = { publish: async (rows: EventDoc[]) => void published.push(...rows), settled: async () => undefined }
    await republishEvents({ store, queue: { isReady: () => true }, publishing, clock: { now: () => new Date() }, log } as never)
    expect(published).toMatchObject([{ _id: waited._id }])
    const [last] = await assignSeq(store, published.map(realtimeEventOf))
    expect(shown(last as RealtimeEvent)).toMatchObject({ messageCount: 3 })
  })

  test('when another process numbered what came before', async ({ store, numberer }) => {
    const known = await conversationIn(store)
    const edited = await edit(store, known)
    const recorded = await record(store, known, 3)
    await number(store, [edited], numberer)
    const [last] = await number(store, [recorded])
    expect(shown(last as RealtimeEvent)).toEqual(all)
  })
})

test('a state that is not in the journal yet is told as it is', async ({ store }) => {
  const known = await conversationIn(store)
  for (let count = 1; count <= 20; count++) {
    const [told] = await number(store, [await record(store, known, count)])
    expect(shown(told as RealtimeEvent)).toMatchObject({ messageCount: count })
  }
})

test('an event that comes again is told as it was when it got its seq', async ({ store }) => {
  const known = await conversationIn(store)
  const edited = await edit(store, known)
  const recorded = await record(store, known, 3)
  await number(store, [edited, recorded])
  const [again] = await assignSeq(store, [realtimeEventOf(recorded)], true)
  expect(shown(again as RealtimeEvent)).toMatchObject({ assignedTo: String(AGENT.id) })
})

test("the recorder's updates that come in order are not read anew", async ({ store }) => {
  const known = await conversationIn(store)
  await begin(store, known)
  const events = [await record(store, known, 2), await record(store, known, 3)]
  await store.raw.events.insertMany(events, AS_RECORDER)
  const commands = commandsOf(store)
  commands.length = 0
  for (const event of events) await assignSeq(store, [realtimeEventOf(event)])
  expect(commands.map(({ name }) => name)).toEqual(['update events', 'update events'])
})
