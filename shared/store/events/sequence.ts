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
import { coalesceUpdates } from './coalesce-updates.ts'

/** Newest seq by tenant that this process wrote. It may be outdated: the unique index (tenantId, seq) decides. */
const lastWrittenOf = perStore(() => new Map<string, number>())
const MAX_ROUNDS = 5
const MAJORITY = { readConcern: { level: 'majority' } } as const

/**
 * Gives each event its `seq` in its tenant's order. One process per tenant does this at a time; a second one, after a lost
 * connection or a hand-over, meets the unique index and starts again behind the first. An event that has a seq keeps it; one
 * whose row is gone (erased, expired, coalesced) is left out.
 *
 * The seq continues from the rows themselves, which one bulk write updates in order, so that a crash at any point leaves no gap;
 * a counter raised beforehand would. The counter (`raiseCounters`) follows, and keeps the last seq after the rows have expired.
 * @returns the events in the order of their seq. @throws Outage
 */
export function assignSeq(store: Store, events: RealtimeEvent[]): Promise<SequencedEvent[]> {
  return orOutage(assign(store, events))
}

async function assign(store: Store, events: RealtimeEvent[]): Promise<SequencedEvent[]> {
  const unique = [...new Map(events.map(event => [event.eventId, event])).values()]
  for (let round = 1; ; round++) {
    const known = round === 1 && isOnePerTenant(unique) ? assumeUnnumbered(unique) : await readSeqs(store, unique)
    const fresh = unique.filter(event => known.get(event.eventId) === null)
    const { kept, folded } = coalesceUpdates(fresh)
    const planned = await plan(store, kept)
    const isWritten = await write(store, planned, folded)
    if (isWritten) {
      const seqs = new Map([...known, ...planned.map(event => [event.eventId, event.seq] as const)])
      const sequenced = inOrder([...unique.filter(event => typeof known.get(event.eventId) === 'number'), ...kept], seqs)
      rememberSeqs(store, sequenced)
      return sequenced
    }
    forgetSeqs(store, unique)
    if (round === MAX_ROUNDS) throw new Error('another process numbers the events of the same tenant')
  }
}

/**
 * Whether no tenant has several events. A tenant's single event needs no read of its seq: if it has one, nothing is written and
 * the planned seq stays free. Among several events that would leave a gap.
 */
const isOnePerTenant = (events: RealtimeEvent[]) => new Set(events.map(event => event.tenantId)).size === events.length
const assumeUnnumbered = (events: RealtimeEvent[]) => new Map(events.map(event => [event.eventId, null]))

/** The seq by event id; null for an event without one. Deleted events are missing. */
async function readSeqs(store: Store, events: RealtimeEvent[]): Promise<Map<string, number | null>> {
  const filter = { _id: { $in: events.map(event => event.eventId) }, tenantId: { $in: tenantIds(events) } }
  const rows = await store.raw.events.find(filter, { projection: { seq: 1 } }).toArray()
  return new Map(rows.map(row => [row._id, row.seq ?? null]))
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

/** Writes the planned seqs and deletes coalesced events. @returns false when another process was first: plan again */
async function write(store: Store, planned: SequencedEvent[], folded: RealtimeEvent[]): Promise<boolean> {
  if (planned.length === 0) return true
  // Deleted first: after a crash in between, an older state must not be emitted after a newer one.
  if (folded.length > 0) await store.raw.events.deleteMany(waiting(folded))
  const payloads = new Set(folded.map(event => `${event.tenantId}:${event.conversationId}`))
  try {
    const result = await store.raw.events.bulkWrite(
      planned.map(event => setSeq(event, payloads)),
      { ordered: true },
    )
    return result.modifiedCount === planned.length
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

const waiting = (events: RealtimeEvent[]) => ({
  _id: { $in: events.map(event => event.eventId) },
  tenantId: { $in: tenantIds(events) },
  seq: null,
})

function setSeq(event: SequencedEvent, withPayload: Set<string>): mongo.AnyBulkWriteOperation<EventDoc> {
  const isFolded = event.name === 'conversation:updated' && withPayload.has(`${event.tenantId}:${event.conversationId}`)
  const filter = { _id: event.eventId, tenantId: toId(event.tenantId), seq: null }
  return { updateOne: { filter, update: { $set: { seq: event.seq, ...(isFolded && { payload: event.payload }) } } } }
}

function inOrder(events: RealtimeEvent[], seqs: Map<string, number | null>): SequencedEvent[] {
  return events.map(event => ({ ...event, seq: seqs.get(event.eventId) as number })).sort((a, b) => a.seq - b.seq)
}

function rememberSeqs(store: Store, events: SequencedEvent[]): void {
  const last = lastWrittenOf(store)
  for (const { tenantId, seq } of events) last.set(tenantId, Math.max(last.get(tenantId) ?? 0, seq))
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
