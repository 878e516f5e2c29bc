import type { ClientSession, mongo } from 'mongoose'
import { asUpdate, inStates, readyAgain } from '../../domain/messages/dispatch.ts'
import type { EventDoc, MessageDoc } from '../../model/documents.ts'
import { usesOf } from '../../model/template-use.ts'
import type { Store } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { countTemplateUses } from '../templates/uses.ts'
import { conversationEvent, mayShow, messageEvent } from './outcome-events.ts'
import { BY_ID, conversationWrites, isSentLate, messageWrite, overtakenWrites, type Settlement } from './outcome-writes.ts'

const MAJORITY = { writeConcern: { w: 'majority', j: true } } as const

/**
 * Writes a batch of outcomes: conversations, then events, then messages. @returns the events, for the caller to publish
 *
 * There is no transaction unless the caller passes one: statuses of the same messages arrive at the same time, and the two
 * batches would abort each other repeatedly. The order replaces it. A message stays TAKEN until its own write, so after a crash
 * the sweep treats it like an attempt without an answer. The earlier writes are true in any case, happen at most once because of
 * the event ids, and never go backwards because of their filters. @throws Outage
 */
export async function finishMessages(
  store: Store,
  settlements: readonly Settlement[],
  session?: ClientSession,
): Promise<EventDoc[]> {
  const options = session ? { session } : MAJORITY
  await orOutage(writeConversations(store, settlements, options))
  const events = [
    ...settlements.map(messageEvent).filter(event => event !== null),
    ...(await orOutage(conversationEvents(store, settlements, session))),
  ]
  await orOutage(insertEvents(store, events, options))
  const { moved, erased } = await orOutage(writeMessages(store, settlements, options))
  const uses = moved.flatMap(({ message, step, at }) => (step.kind === 'sent' ? usesOf(message, at) : []))
  await orOutage(countTemplateUses(store, uses, session))
  return await orOutage(withoutErased(store, events, erased, options))
}

/** The events without those about people who were erased during the call, which are deleted. */
async function withoutErased(
  store: Store,
  events: EventDoc[],
  erased: readonly Settlement[],
  options: WriteOptions,
): Promise<EventDoc[]> {
  if (erased.length === 0) return events
  const conversations = new Set(erased.map(({ message }) => String(message.conversationId)))
  const isAbout = ({ conversationId }: EventDoc) => conversations.has(String(conversationId))
  const gone = events.filter(isAbout)
  const filter = { _id: { $in: gone.map(({ _id }) => _id) }, tenantId: { $in: gone.map(({ tenantId }) => tenantId) } }
  if (gone.length > 0) await store.raw.events.deleteMany(filter, options)
  return events.filter(event => !isAbout(event))
}

type WriteOptions = { session: ClientSession } | typeof MAJORITY

/** Inserts events. Duplicates are ignored: an earlier try of the same batch wrote them. */
async function insertEvents(store: Store, events: EventDoc[], options: WriteOptions): Promise<void> {
  if (events.length === 0) return
  await store.raw.events.insertMany(events, { ordered: false, ...options }).catch(error => {
    if (duplicatesOf(error) === null) throw error
  })
}

async function writeConversations(store: Store, settlements: readonly Settlement[], options: WriteOptions): Promise<void> {
  const writes = settlements.flatMap(conversationWrites)
  if (writes.length > 0) await store.raw.conversations.bulkWrite(writes, { ordered: false, ...options })
}

/** Events of the conversations of a batch, which are read in one query after their writes. */
async function conversationEvents(
  store: Store,
  settlements: readonly Settlement[],
  session: ClientSession | undefined,
): Promise<EventDoc[]> {
  const shown = settlements.filter(mayShow)
  if (shown.length === 0) return []
  const filter = {
    _id: { $in: shown.map(({ message }) => message.conversationId) },
    tenantId: { $in: shown.map(({ message }) => message.tenantId) },
  }
  const rows = await store.raw.conversations.find(filter, { hint: BY_ID, ...(session && { session }) }).toArray()
  const byId = new Map(rows.map(row => [String(row._id), row]))
  return shown.flatMap(settlement => {
    const conversation = byId.get(String(settlement.message.conversationId))
    return (conversation && conversationEvent(settlement, conversation)) ?? []
  })
}

/** The settlements that are written, or whose row became SENT; and those whose row was emptied by an erasure. */
interface Written {
  moved: readonly Settlement[]
  erased: readonly Settlement[]
}

/** Writes the messages. Rows that changed before are settled by what they are now. */
async function writeMessages(store: Store, settlements: readonly Settlement[], options: WriteOptions): Promise<Written> {
  const all = { moved: settlements, erased: [] }
  if (settlements.length === 0) return all
  try {
    const writes = settlements.map(messageWrite)
    const { matchedCount } = await store.raw.messages.bulkWrite(writes, { ordered: false, ...options })
    return matchedCount < settlements.length ? await settleOvertaken(store, settlements, options) : all
  } catch (error) {
    const refused = duplicatesOf(error)
    if (refused === null || 'session' in options) throw error
    const written = await settleOvertaken(store, settlements, options)
    const again = refused.map(index => settlements[index] as Settlement)
    await store.raw.messages.bulkWrite(
      again.map(settlement => messageWrite(withoutId(settlement))),
      { ordered: false, ...options },
    )
    return { ...written, moved: [...written.moved, ...again] }
  }
}

/** Settles rows that changed before their outcome was written. */
async function settleOvertaken(store: Store, settlements: readonly Settlement[], options: WriteOptions): Promise<Written> {
  const rows = await store.raw.messages
    .find(rowFilter(settlements.map(({ message }) => message)), { ...options, projection: OVERTAKEN_FIELDS })
    .toArray()
  const states = new Map(rows.map(row => [String(row._id), row]))
  const moved: Settlement[] = []
  const erased = settlements.filter(({ message }) => states.get(String(message._id))?.erasedAt)
  const writes = settlements.flatMap(settlement => {
    const { message, entry } = settlement
    const row = states.get(String(message._id))
    const isWritten = row?.timeline.some(({ kind, at }) => kind === entry.kind && at.getTime() === entry.at.getTime())
    const isInHand = row?.dispatch?.token === message.dispatch?.token && row?.dispatch?.token != null
    if (isWritten) moved.push(settlement)
    if (row === undefined || isWritten || isInHand) return []
    if (isSentLate(row, settlement)) moved.push(settlement)
    return overtakenWrites(settlement)
  })
  if (writes.length > 0) await writeOvertaken(store, writes, options)
  return { moved, erased }
}

/** An id that another message has stays unset. In a transaction it aborts the whole. */
async function writeOvertaken(
  store: Store,
  writes: mongo.AnyBulkWriteOperation<MessageDoc>[],
  options: WriteOptions,
): Promise<void> {
  await store.raw.messages.bulkWrite(writes, { ordered: false, ...options }).catch(error => {
    if ('session' in options || duplicatesOf(error) === null) throw error
  })
}

const OVERTAKEN_FIELDS = {
  timeline: 1,
  erasedAt: 1,
  status: 1,
  previousIds: 1,
  'error.source': 1,
  'dispatch.token': 1,
  'dispatch.state': 1,
}

/**
 * The settlement without its wamid, which another message has: the message is sent, and statuses find it by the callback data
 * only.
 */
function withoutId(settlement: Settlement): Settlement {
  if (settlement.step.kind !== 'sent') return settlement
  return { ...settlement, step: { ...settlement.step, wamid: null, note: 'Meta returned an id that another message has.' } }
}

export const SEND_JOB_FIELDS = {
  tenantId: 1,
  clientId: 1,
  phoneNumberId: 1,
  conversationId: 1,
  contactKey: 1,
  type: 1,
  directSend: 1,
  campaignId: 1,
  contactId: 1,
  'content.template.name': 1,
  'content.template.language': 1,
} as const

/**
 * Makes rows READY. @returns the rows, for the caller to enqueue; the sweep enqueues them again if no sender takes them.
 * @throws Outage
 */
export async function makeReady(store: Store, rows: MessageDoc[], now: Date): Promise<MessageDoc[]> {
  if (rows.length === 0) return rows
  const filter = { ...rowFilter(rows), status: 'QUEUED' as const, ...inStates('READY', 'WAITING') }
  await orOutage(store.raw.messages.updateMany(filter, { $set: asUpdate(readyAgain(now)) }, MAJORITY))
  return rows
}

const rowFilter = (rows: readonly Pick<MessageDoc, '_id' | 'tenantId'>[]) => ({
  _id: { $in: rows.map(row => row._id) },
  tenantId: { $in: rows.map(row => row.tenantId) },
})
