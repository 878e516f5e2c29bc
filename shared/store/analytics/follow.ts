import type { ClientSession } from 'mongoose'
import { isAboutMessage } from '../../contracts/realtime-event.ts'
import type { Contribution } from '../../domain/analytics/contribution.ts'
import { type DeliveryStatus, statusRank } from '../../domain/messages/delivery-status.ts'
import type { AnalyticsStateDoc, EventDoc, Id } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { type Counting, countClosings, countMessages, readCounted, spendUpdate } from './count.ts'

/** Events or messages in one transaction. */
const BATCH = 200
/** A change whose row is not written yet is waited for, at most so long: its writer then died, and whoever mends it emits again. */
const HELD_MS = 30_000
const MAJORITY = { readConcern: { level: 'majority' } } as const

/** Another process has counted meanwhile: nothing was written. */
export class CountedElsewhere extends Error {
  override readonly name = 'CountedElsewhere'
}

/** Outcome of one step. */
export interface Followed {
  /** Events or rows that were counted. */
  count: number
  /** Whether more is known to be left. */
  isMore: boolean
}

/**
 * Counts the next events of a tenant's stream: the messages that they are about, as they are now. The counters, what each message
 * has added to them, and the cursor are written in one transaction, so that a crash at any point loses and doubles nothing.
 * @throws Outage, CountedElsewhere
 */
export async function followEvents(store: Store, state: AnalyticsStateDoc, now: Date): Promise<Followed> {
  const { tenantId, cursor } = state
  const events = await readEvents(store, tenantId, cursor)
  const ids = [...new Set(events.flatMap(event => event.messageId ?? []))]
  return await orOutage(
    store.transaction(async session => {
      const rows = await readRows(store, tenantId, ids, session)
      const ready = events.slice(0, firstUnwritten(events, new Map(rows.map(row => [String(row._id), row])), now))
      const wanted = new Set(ready.map(({ messageId }) => messageId))
      const added = await countMessages(
        store,
        countingOf(state),
        rows.filter(row => wanted.has(String(row._id))),
        session,
      )
      const isMore = ready.length === BATCH
      const last = ready.at(-1)?.seq ?? cursor
      await advance(
        store,
        state,
        { cursor: last, ...(!isMore && ready.length === events.length && { countedAt: now }) },
        added,
        session,
      )
      return { count: ready.length, isMore }
    }),
  )
}

/** Counts closed conversations that the counters lack. @throws Outage, CountedElsewhere */
export async function followClosings(store: Store, state: AnalyticsStateDoc): Promise<Followed> {
  const { tenantId, generation } = state
  const filter = { tenantId, countedIn: { $lt: generation } }
  const rows = await orOutage(store.raw.closings.find(filter).sort({ countedIn: 1, _id: 1 }).limit(BATCH).toArray())
  if (rows.length === 0) return { count: 0, isMore: false }
  await orOutage(
    store.transaction(async session => {
      const added = await countClosings(store, countingOf(state), rows, session)
      await advance(store, state, {}, added, session)
    }),
  )
  return { count: rows.length, isMore: rows.length === BATCH }
}

/**
 * Counts the next messages of a tenant for the generation that is being built, the newest first; after the last one the new counters
 * take the place of the old ones. @throws Outage, CountedElsewhere
 */
export async function rebuildSome(store: Store, state: AnalyticsStateDoc): Promise<Followed> {
  const { tenantId, rebuild } = state
  if (rebuild === null) return { count: 0, isMore: false }
  const { generation, timezone, after, cursor } = rebuild
  const older = after && { at: { $lte: after.at }, $or: [{ at: { $lt: after.at } }, { _id: { $lt: after.id } }] }
  const filter = { tenantId, ...older }
  const done = await orOutage(
    store.transaction(async session => {
      const rows = await readCounted(store, filter, session).hint('tenant_at').sort({ at: -1, _id: -1 }).limit(BATCH).toArray()
      const added = await countMessages(store, { tenantId, generation, timezone }, rows, session)
      const last = rows.at(-1)
      if (last) {
        const update = { $set: { 'rebuild.after': { at: last.at, id: last._id } }, ...spendUpdate('rebuild.months', added) }
        await requireOne(store.raw.analyticsStates.updateOne(ownRebuild(state), update, { session }))
      }
      return { count: rows.length, isMore: rows.length === BATCH }
    }),
  )
  if (done.isMore) return done
  const finish = [
    { $set: { generation, timezone, cursor, countedAt: null, months: '$rebuild.months' } },
    { $set: { rebuild: null } },
  ]
  await orOutage(
    requireOne(store.raw.analyticsStates.updateOne({ _id: tenantId, tenantId, 'rebuild.generation': generation }, finish)),
  )
  await orOutage(store.raw.analyticsCells.deleteMany({ tenantId, generation: { $ne: generation } }))
  return { count: done.count, isMore: true }
}

const countingOf = ({ tenantId, generation, timezone }: AnalyticsStateDoc): Counting => ({ tenantId, generation, timezone })

/** Two processes may follow the same tenant for a moment: who finds the state as it read it goes on. */
const ownRebuild = ({ tenantId, rebuild }: AnalyticsStateDoc) => ({
  _id: tenantId,
  tenantId,
  'rebuild.generation': rebuild?.generation ?? null,
  'rebuild.after': rebuild?.after ?? null,
})

async function requireOne(written: Promise<{ matchedCount: number }>): Promise<void> {
  if ((await written).matchedCount !== 1) throw new CountedElsewhere('another process has counted meanwhile')
}

async function advance(
  store: Store,
  { tenantId, cursor, generation }: AnalyticsStateDoc,
  set: Partial<Pick<AnalyticsStateDoc, 'cursor' | 'countedAt'>>,
  added: readonly Contribution[],
  session: ClientSession,
): Promise<void> {
  const update = { $set: { generation, ...set }, ...spendUpdate('months', added) }
  const filter = { _id: tenantId, tenantId, cursor, generation, rebuild: null }
  await requireOne(store.raw.analyticsStates.updateOne(filter, update, { session }))
}

interface StreamEvent {
  seq: number
  at: Date
  messageId: string | null
  /** Status of the message when the event was made, in lower case; null where the event says nothing of it. */
  status: string | null
}

type StoredEvent = Pick<EventDoc, 'name' | 'seq' | 'createdAt'> & {
  payload: { messageId?: string; status?: string; message?: { id?: string } }
}

async function readEvents(store: Store, tenantId: Id, cursor: number): Promise<StreamEvent[]> {
  const projection = { name: 1, seq: 1, createdAt: 1, 'payload.messageId': 1, 'payload.status': 1, 'payload.message.id': 1 }
  const filter = { tenantId, seq: { $gt: cursor } }
  const rows = store.raw.events
    .find(filter, { ...MAJORITY, projection })
    .sort({ seq: 1 })
    .limit(BATCH)
    .toArray()
  return ((await orOutage(rows)) as unknown as StoredEvent[]).map(({ name, seq, createdAt, payload }) => ({
    seq: seq as number,
    at: createdAt,
    messageId: isAboutMessage(name) ? (payload.messageId ?? payload.message?.id ?? null) : null,
    status: payload.status ?? null,
  }))
}

type Row = Awaited<ReturnType<ReturnType<typeof readCounted>['toArray']>>[number]

const readRows = (store: Store, tenantId: Id, ids: readonly string[], session: ClientSession): Promise<Row[]> =>
  readCounted(store, { _id: { $in: ids.map(toId) }, tenantId }, session).toArray()

/**
 * Index of the first event whose row does not show it yet: the sender writes the event of an outcome before the message. The last
 * event of each message decides, because the row is as that one says or further.
 */
export function firstUnwritten(
  events: readonly StreamEvent[],
  rows: ReadonlyMap<string, { status: string; erasedAt?: Date | null }>,
  now: Date,
): number {
  const last = new Map(events.map(event => [event.messageId, event]))
  const found = events.findIndex(event => {
    const row = event.messageId === null ? undefined : rows.get(event.messageId)
    const isOld = now.getTime() - event.at.getTime() > HELD_MS
    if (row === undefined || row.erasedAt || isOld || event.status === null || last.get(event.messageId) !== event) return false
    return !isAsFar(row.status, event.status.toUpperCase())
  })
  return found === -1 ? events.length : found
}

const isAsFar = (status: string, reported: string) =>
  status === reported || (status !== 'FAILED' && statusRank(status as DeliveryStatus) > statusRank(reported as DeliveryStatus))
