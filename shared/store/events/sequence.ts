import type { mongo } from 'mongoose'
import type { RealtimeEvent } from '../../contracts/realtime-event.ts'
import type { SequencedEvent } from '../../contracts/socket-events.ts'
import type { EventDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { realtimeEventOf } from '../../model/realtime-event.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { perStore } from '../per-store.ts'
import { TtlCache } from '../ttl-cache.ts'
import { coalesceUpdates } from './coalesce-updates.ts'
import { noteTakenOver, withPresentState } from './present-state.ts'

/**
 * Newest seq by tenant that this process wrote lately. It may be outdated: the unique index (tenantId, seq) decides, as long as the
 * rows of another process that numbered meanwhile exist.
 */
const lastWrittenOf = perStore(() => new TtlCache<string, number>(20_000))
const REMEMBERED_MS = 10 * 60_000
const MAX_ROUNDS = 5
const MAJORITY = { readConcern: { level: 'majority' } } as const

/**
 * Gives each event its `seq` in its tenant's order. One process per tenant does this at a time; a second one, after a lost
 * connection or a hand-over, meets the unique index and starts again behind the first. An event that has a seq keeps it; one
 * whose row is gone (erased, expired, coalesced) is left out.
 *
 * The seq continues from the rows themselves, which one bulk write updates in order. So a crash at any point leaves no gap (a
 * counter raised beforehand would), and nobody who reads the log sees a later seq before an earlier one. The counter
 * (`raiseCounters`) follows, and keeps the last seq after the rows have expired.
 * @param isRepeated whether the events may have been here before, so that it is worth reading which have a seq
 * @returns the events in the order of their seq. @throws Outage
 */
export async function assignSeq(store: Store, events: RealtimeEvent[], isRepeated = false): Promise<SequencedEvent[]> {
  try {
    return await orOutage(assign(store, events, isRepeated))
  } catch (error) {
    // What was written is unknown, so that the next try reads it.
    forgetSeqs(store, events)
    throw error
  }
}

async function assign(store: Store, events: RealtimeEvent[], isRepeated: boolean): Promise<SequencedEvent[]> {
  const unique = [...new Map(events.map(event => [event.eventId, event])).values()]
  noteUnknown(store, unique)
  for (let round = 1; ; round++) {
    const isNew = round === 1 && !isRepeated && isLastKnown(store, unique)
    const known = isNew ? assumeUnnumbered(unique) : await readRows(store, unique)
    const fresh = unique.filter(event => known.get(event.eventId)?.seq === null)
    const { kept: newest, folded } = coalesceUpdates(fresh)
    const kept = await withPresentState(store, newest)
    const planned = await plan(store, kept)
    const isWritten = await write(store, planned, folded, new Map(fresh.map(event => [event.eventId, event.payload])))
    if (isWritten) {
      const sequenced = [...numberedBefore(unique, known), ...planned].sort((a, b) => a.seq - b.seq)
      rememberSeqs(store, sequenced)
      return sequenced
    }
    forgetSeqs(store, unique)
    if (round === MAX_ROUNDS) throw new Error('another process numbers the events of the same tenant')
  }
}

/**
 * Whether this process wrote the last seq of every tenant of the events. Then their seqs need not be read: nearly all events come
 * once, and the write stops at one that has a seq.
 */
const isLastKnown = (store: Store, events: RealtimeEvent[]) =>
  events.every(event => lastWrittenOf(store).get(event.tenantId) !== undefined)
const assumeUnnumbered = (events: RealtimeEvent[]): KnownRows => new Map(events.map(({ eventId }) => [eventId, UNNUMBERED]))

/** Tenants of which another process may have numbered the last event. */
function noteUnknown(store: Store, events: RealtimeEvent[]): void {
  for (const { tenantId } of events) if (lastWrittenOf(store).get(tenantId) === undefined) noteTakenOver(store, tenantId)
}

/** What is known of the rows by event id. Deleted events are missing. */
type KnownRows = Map<string, KnownRow>
interface KnownRow {
  seq: number | null
  payload?: EventDoc['payload']
}
const UNNUMBERED: KnownRow = { seq: null }

async function readRows(store: Store, events: RealtimeEvent[]): Promise<KnownRows> {
  const filter = { _id: { $in: events.map(event => event.eventId) }, tenantId: { $in: tenantIds(events) } }
  const rows = await store.raw.events.find(filter, { projection: { seq: 1, payload: 1 } }).toArray()
  return new Map(rows.map(({ _id, seq, payload }) => [_id, { seq: seq ?? null, payload }]))
}

/** Events that have a seq, as they were told when they got it. */
function numberedBefore(events: RealtimeEvent[], known: KnownRows): SequencedEvent[] {
  return events.flatMap(event => {
    const { seq = null, payload = event.payload } = known.get(event.eventId) ?? UNNUMBERED
    return seq === null ? [] : { ...event, payload, seq }
  })
}

async function plan(store: Store, events: RealtimeEvent[]): Promise<SequencedEvent[]> {
  const next = new Map<string, number>()
  const planned: SequencedEvent[] = []
  for (const event of events) {
    const seq = next.get(event.tenantId) ?? (await lastSeq(store, event.tenantId)) + 1
    next.set(event.tenantId, seq + 1)
    planned.push({ ...event, seq })
  }
  return planned
}

async function lastSeq(store: Store, tenantId: string): Promise<number> {
  return lastWrittenOf(store).get(tenantId) ?? (await latestSeq(store, tenantId, {}))
}

/**
 * Writes the planned seqs, and payloads that are not those of the rows; deletes coalesced events.
 * @param stored payload of each row by event id
 * @returns false when the rows were not as assumed: plan again
 */
async function write(
  store: Store,
  planned: SequencedEvent[],
  folded: RealtimeEvent[],
  stored: Map<string, object>,
): Promise<boolean> {
  if (planned.length === 0) return true
  // Deleted first: after a crash in between, an older state must not be emitted after a newer one.
  if (folded.length > 0) await store.raw.events.deleteMany(waiting(folded))
  try {
    const result = await store.raw.events.bulkWrite(
      planned.map(event => setSeq(event, event.payload !== stored.get(event.eventId))),
      { ordered: true },
    )
    return result.modifiedCount === planned.length
  } catch (error) {
    if (isDuplicateKey(error) || isNumbered(error)) return false
    throw error
  }
}

const waiting = (events: RealtimeEvent[]) => ({
  _id: { $in: events.map(event => event.eventId) },
  tenantId: { $in: tenantIds(events) },
  seq: null,
})

/**
 * Sets the seq of an event without one. For an event that has one, and for one whose row is gone, the expression cannot be
 * evaluated, so that the bulk ends there and leaves no gap: the upsert inserts nothing, it makes a missing row an error. The filter is `_id` alone, and the operation an updateMany, because that costs half: MongoDB then plans
 * nothing, and keeps no record for a repeat by the driver.
 */
function setSeq(event: SequencedEvent, isChanged: boolean): mongo.AnyBulkWriteOperation<EventDoc> {
  const isWaiting = { $and: [{ $lte: ['$seq', null] }, { $eq: ['$tenantId', toId(event.tenantId)] }] }
  const seq = { $cond: [isWaiting, event.seq, { $toInt: { $concat: ['numbered: ', '$_id'] } }] }
  const $set = { seq, numberedAt: '$$NOW', ...(isChanged && { payload: { $literal: event.payload } }) }
  return { updateMany: { filter: { _id: event.eventId }, update: [{ $set }], upsert: true } }
}

const CONVERSION_FAILURE = 241

/** Whether a bulk ended at an event that has a seq or no row. */
const isNumbered = (error: unknown) => (error as { code?: unknown } | null)?.code === CONVERSION_FAILURE

/** @param events in the order of their seq */
function rememberSeqs(store: Store, events: SequencedEvent[]): void {
  const last = lastWrittenOf(store)
  const newest = new Map(events.map(({ tenantId, seq }) => [tenantId, seq]))
  for (const [tenantId, seq] of newest) last.set(tenantId, Math.max(last.get(tenantId) ?? 0, seq), REMEMBERED_MS)
}

/**
 * Raises the counters to the last seq, by tenant. Neither a majority nor immediacy is needed: the rows take precedence while they
 * exist. @throws Outage
 */
export async function raiseCounters(store: Store, last: ReadonlyMap<string, number>): Promise<void> {
  if (last.size === 0) return
  const operations = [...last].map(([tenantId, value]) => ({
    updateOne: { filter: { _id: counterId(tenantId) }, update: { $max: { value } }, upsert: true },
  }))
  await orOutage(store.raw.counters.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } }))
}

/** An event that has been emitted, and when. */
export interface Emission {
  tenantId: string
  eventId: string
  at: Date
}

/** Notes with the newest emitted event of each tenant when that was. Nothing but the trace of a message reads it. @throws Outage */
export async function markEmitted(store: Store, emissions: readonly Emission[]): Promise<void> {
  const operations = emissions.map(({ tenantId, eventId, at }) => ({
    updateOne: { filter: { _id: eventId, tenantId: toId(tenantId) }, update: { $set: { emittedAt: at } } },
  }))
  if (operations.length > 0) await orOutage(store.raw.events.bulkWrite(operations, { ordered: false, writeConcern: { w: 1 } }))
}

function forgetSeqs(store: Store, events: RealtimeEvent[]): void {
  for (const event of events) lastWrittenOf(store).delete(event.tenantId)
}

/** Events after `seq` in order, at most `limit`, read with majority: none of them can be rolled back. @throws Outage */
export async function eventsSince(store: Store, tenantId: string, seq: number, limit: number): Promise<SequencedEvent[]> {
  const filter = { tenantId: toId(tenantId), seq: { $gt: seq } }
  const rows = store.raw.events.find(filter, MAJORITY).sort({ seq: 1 }).limit(limit).toArray()
  return (await orOutage(rows)).map(toSequenced)
}

/** The newest seq of a tenant; 0 before its first event. @throws Outage */
export async function latestSeq(store: Store, tenantId: string, concern: object = MAJORITY): Promise<number> {
  const filter = { tenantId: toId(tenantId), seq: { $gte: 0 } }
  const read = store.raw.events
    .find(filter, { ...concern, projection: { seq: 1 } })
    .sort({ seq: -1 })
    .limit(1)
    .next()
  const row = await orOutage(read)
  return row?.seq ?? (await latestSeqs(store, [tenantId])).get(tenantId) ?? 0
}

/** The newest seq of many tenants in one query, from the counters, which follow the events within a second. @throws Outage */
export async function latestSeqs(store: Store, ids: string[]): Promise<Map<string, number>> {
  const rows = await orOutage(store.raw.counters.find({ _id: { $in: ids.map(counterId) } }).toArray())
  return new Map(rows.map(row => [row._id.slice('events:'.length), row.value]))
}

const toSequenced = (row: EventDoc): SequencedEvent => ({ ...realtimeEventOf(row), seq: row.seq as number })
const tenantIds = (events: RealtimeEvent[]) => [...new Set(events.map(event => event.tenantId))].map(toId)
const counterId = (tenantId: string) => `events:${tenantId}`
