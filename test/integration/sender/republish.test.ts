import { expect } from 'vitest'
import { republishEvents } from '#services/sender/background/republish-events.ts'
import type { EventDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { conversationUpdated } from '#shared/views/events.ts'
import { createSenderWorld } from '#test/load/sender-world.ts'
import { test } from '#test/support/world.ts'
import { log } from '#test/support/worlds/ingest.ts'

const LONG_AGO = new Date(Date.now() - 60_000)

test('an event that waited in the outbox shows its conversation as it is by now', async ({ world }) => {
  await using store = await connectStore(world.mongodbUri)
  await migrate(store)
  const { conversations } = await createSenderWorld(store, {} as never, { conversations: 2 })
  const rows = conversations.map((conversation, i) => conversationUpdated(`u:${i}`, conversation, LONG_AGO, { assignedTo: null }))
  const [late, numbered] = rows as [EventDoc, EventDoc]
  await store.raw.events.insertMany([late, { ...numbered, seq: 1 }])
  const assignedTo = { id: newId(), name: 'Agent' }
  await store.raw.conversations.updateMany({}, { $set: { messageCount: 7, unreadCount: 3, assignedTo } })

  const published: EventDoc[] = []
  const publishing = {
    publish: async (events: readonly EventDoc[]) => void published.push(...events),
    settled: async () => undefined,
  }
  const queue = { isReady: () => true }
  await republishEvents({ store, queue, publishing, clock: { now: () => new Date() }, log } as never)

  const agent = { id: String(assignedTo.id), name: 'Agent' }
  const shown = {
    updates: { messageCount: 7, unreadCount: 3, assignedTo: agent },
    conversation: { messageCount: 7, unreadCount: 3 },
  }
  expect(published).toMatchObject([{ _id: 'u:0', payload: shown }])
  const stored = await store.raw.events.find({}).sort({ _id: 1 }).toArray()
  expect(stored).toMatchObject([{ payload: shown }, { payload: { updates: { messageCount: 1, assignedTo: null } } }])
  await store.connection.dropDatabase()
})
