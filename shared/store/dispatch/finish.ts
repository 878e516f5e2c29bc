import type { ClientSession } from 'mongoose'
import { asUpdate, inStates, readyAgain } from '../../domain/messages/dispatch.ts'
import type { EventDoc, MessageDoc, ParkedItemDoc } from '../../model/documents.ts'
import { usesOf } from '../../model/template-use.ts'
import type { Store } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { countTemplateUses } from '../templates/uses.ts'
import { conversationEvent, mayShow, messageEvent } from './outcome-events.ts'
import { BY_ID, conversationWrites, isSentLate, messageWrite, overtakenWrites, type Settlement } from './outcome-writes.ts'
import { type InConversation, UNFINISHED_INDEX, unfinishedOf } from './take.ts'

const MAJORITY = { writeConcern: { w: 'majority', j: true } } as const

/**
 * Writes a batch of outcomes: conversations, then events, then the messages; returns the events, to be published.
 * It has no transaction of its own: statuses of the same messages arrive at this very moment, and the two batches would abort
 * each other over and over. The order makes up for it. Until a message itself is written its row is TAKEN, so the sweep finds a
 * crash in between like a lost answer; what was written before is true all the same, at most once (event ids) and never
 * backwards (filters). @throws Outage
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
  const moved = await orOutage(writeMessages(store, settlements, options))
  const uses = moved.flatMap(({ message, step, at }) => (step.kind === 'sent' ? usesOf(message, at) : []))
  await orOutage(countTemplateUses(store, uses, session))
  return events
}

type WriteOptions = { session: ClientSession } | typeof MAJORITY

/** Events that exist already are from an earlier try of the same batch. */
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

/** The conversations of the whole batch are read in one command, as they stand after their writes. */
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

/** @returns the settlements whose rows took their outcome: the other rows had moved on before */
async function writeMessages(
  store: Store,
  settlements: readonly Settlement[],
  options: WriteOptions,
): Promise<readonly Settlement[]> {
  if (settlements.length === 0) return []
  try {
    const writes = settlements.map(messageWrite)
    const { matchedCount } = await store.raw.messages.bulkWrite(writes, { ordered: false, ...options })
    return matchedCount < settlements.length ? await settleOvertaken(store, settlements, options) : settlements
  } catch (error) {
    const refused = duplicatesOf(error)
    if (refused === null || 'session' in options) throw error
    const written = await settleOvertaken(store, settlements, options)
    const again = refused.map(place => settlements[place] as Settlement)
    await store.raw.messages.bulkWrite(
      again.map(settlement => messageWrite(withoutId(settlement))),
      { ordered: false, ...options },
    )
    return [...written, ...again]
  }
}

/** @returns the settlements that are written by now, and those whose rows became SENT all the same */
async function settleOvertaken(store: Store, settlements: readonly Settlement[], options: WriteOptions): Promise<Settlement[]> {
  const rows = await store.raw.messages
    .find({ ...these(settlements.map(({ message }) => message)) }, { ...options, projection: OVERTAKEN_FIELDS })
    .toArray()
  const states = new Map(rows.map(row => [String(row._id), row]))
  const moved: Settlement[] = []
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
  if (writes.length > 0) await store.raw.messages.bulkWrite(writes, { ordered: true, ...options })
  return moved
}

const OVERTAKEN_FIELDS = { timeline: 1, status: 1, previousIds: 1, 'error.source': 1, 'dispatch.token': 1, 'dispatch.state': 1 }

/** A message accepted under an id that another one has: sent, though only our callback data can bring its statuses. */
function withoutId(settlement: Settlement): Settlement {
  if (settlement.step.kind !== 'sent') return settlement
  return { ...settlement, step: { ...settlement.step, wamid: null, note: 'Meta gave it an id that another message has' } }
}

/**
 * Parked statuses: they came before the wamid was stored and did not name their message. The sender writes the wamid first and
 * reads these afterwards; the recorder parks first and looks for the wamid afterwards: one of the two sees the other.
 * @throws Outage
 */
export async function findParkedItems(store: Store, wamids: string[]): Promise<ParkedItemDoc[]> {
  if (wamids.length === 0) return []
  return await orOutage(store.raw.parkedItems.find({ wamid: { $in: wamids } }).toArray())
}

/**
 * The next message of each of these conversations, if it waited for an earlier one: it becomes READY, and the caller enqueues
 * it. Called after the earlier message is finished, and after the later one is postponed: each side writes first and reads
 * then, so that one of the two sees the other. @throws Outage
 */
export async function releaseSuccessors(
  store: Store,
  conversations: readonly InConversation[],
  now: Date,
): Promise<MessageDoc[]> {
  if (conversations.length === 0) return []
  const stages = [
    unfinishedOf(conversations, now),
    { $project: { ...SEND_JOB_FIELDS, 'dispatch.priority': 1, 'dispatch.reason': 1 } },
    // 'chat' sorts before 'campaign' this way.
    { $sort: { conversationId: 1 as const, 'dispatch.priority': -1 as const, _id: 1 as const } },
    { $group: { _id: '$conversationId', first: { $first: '$$ROOT' } } },
    { $replaceRoot: { newRoot: '$first' } },
    { $match: { 'dispatch.reason': 'predecessor' } },
  ]
  const rows = store.raw.messages.aggregate<MessageDoc>(stages, UNFINISHED_INDEX)
  return await makeReady(store, await orOutage(rows.toArray()), now)
}

export const SEND_JOB_FIELDS = {
  tenantId: 1,
  clientId: 1,
  phoneNumberId: 1,
  conversationId: 1,
  contactKey: 1,
  type: 1,
  campaignId: 1,
} as const

/** Makes rows READY and returns them to be enqueued; the sweep enqueues them again if nobody takes them. @throws Outage */
export async function makeReady(store: Store, rows: MessageDoc[], now: Date): Promise<MessageDoc[]> {
  if (rows.length === 0) return rows
  const filter = { ...these(rows), status: 'QUEUED' as const, ...inStates('READY', 'WAITING') }
  await orOutage(store.raw.messages.updateMany(filter, { $set: asUpdate(readyAgain(now)) }, MAJORITY))
  return rows
}

const these = (rows: readonly Pick<MessageDoc, '_id' | 'tenantId'>[]) => ({
  _id: { $in: rows.map(row => row._id) },
  tenantId: { $in: rows.map(row => row.tenantId) },
})
