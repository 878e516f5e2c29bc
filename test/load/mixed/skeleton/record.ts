import type { mongo } from 'mongoose'
import { PHONE_KEY } from '#shared/domain/contacts/search-keys.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { foldItems, type Loaded } from './fold.ts'
import type { Item } from './items.ts'
import { type Broker, DURABLE, type openDatabase, publishEvents } from './parts.ts'

type Database = Awaited<ReturnType<typeof openDatabase>>

/** One batch without a transaction: two reads side by side, messages, conversations, events beside receipts, then the broker. */
export async function record(to: Database & { broker: Broker }, items: Item[]): Promise<void> {
  const written = foldItems(items, await load(to, items), new Date())
  const { inserts, messages, conversations, events, receipts } = written
  await bulk(to.messages, [...inserts.map(document => ({ insertOne: { document } })), ...messages])
  await bulk(to.conversations, conversations)
  await Promise.all([
    events.length > 0 && to.events.insertMany(events, DURABLE),
    receipts.length > 0 && to.webhookEvents.insertMany(receipts, DURABLE),
  ])
  await publishEvents(to.broker, events)
}

/** The conversations of all persons named, and the messages of ours. */
async function load({ tenantId, conversations, messages }: Database, items: Item[]): Promise<Loaded> {
  const persons = [...new Set(items.map(({ waId }) => waId))]
  const ids = [...new Set(items.flatMap(item => (item.kind === 'inbound' ? [] : [item.messageId])))].map(toId)
  const [threads, rows] = await Promise.all([
    conversations.find({ tenantId, 'contact.keys': { $in: persons.map(waId => PHONE_KEY + waId) } }).toArray(),
    ids.length > 0 ? messages.find({ _id: { $in: ids }, tenantId }).toArray() : [],
  ])
  return {
    conversations: new Map(threads.map(thread => [thread.contact.phone ?? '', thread])),
    messages: new Map(rows.map(row => [String(row._id), row])),
  }
}

const bulk = <T extends MessageDoc | ConversationDoc>(
  collection: mongo.Collection<T>,
  operations: mongo.AnyBulkWriteOperation<T>[],
) => (operations.length > 0 ? collection.bulkWrite(operations, DURABLE) : null)
