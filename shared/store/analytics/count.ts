import { createHash } from 'node:crypto'
import type { ClientSession, mongo } from 'mongoose'
import {
  type AnsweredWait,
  addCounts,
  type Contribution,
  type Counts,
  cellKey,
  closingContribution,
  contributionOf,
  differences,
} from '../../domain/analytics/contribution.ts'
import { isAnswer } from '../../domain/inbox/waiting.ts'
import type { AnalyticsCellDoc, ClosingDoc, CountedMessageDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { readWaits } from './waits.ts'

/** Which counters are written, and by which days. */
export interface Counting {
  tenantId: Id
  generation: number
  timezone: string
}

const FIELDS = {
  direction: 1,
  type: 1,
  status: 1,
  at: 1,
  clientId: 1,
  conversationId: 1,
  campaignId: 1,
  'content.template.name': 1,
  origin: 1,
  sentBy: 1,
  error: 1,
  cost: 1,
  metaCost: 1,
  contactKey: 1,
  contactKeyKind: 1,
  isImported: 1,
  erasedAt: 1,
  'referral.source_id': 1,
} as const

/** A message, as far as it is counted. */
type Row = Pick<
  MessageDoc,
  keyof Omit<typeof FIELDS, 'content.template.name' | 'referral.source_id'> | '_id' | 'content' | 'referral'
>

/** Messages of a tenant, as far as they are counted. */
export const readCounted = (store: Store, filter: object, session: ClientSession) =>
  store.raw.messages.find<Row>(filter, { projection: FIELDS, session })

/**
 * Counts messages as they are now, inside a transaction: of those that were counted before, the difference. So a message may be
 * counted any number of times. A message of an erased person stays as it was counted last. @returns what was added
 */
export async function countMessages(
  store: Store,
  counting: Counting,
  rows: readonly Row[],
  session: ClientSession,
): Promise<Contribution[]> {
  if (rows.length === 0) return []
  const { tenantId, generation, timezone } = counting
  const filter = { _id: { $in: rows.map(({ _id }) => _id) }, tenantId }
  const known = new Map((await store.raw.countedMessages.find(filter, { session }).toArray()).map(row => [String(row._id), row]))
  const current = (row: Row) => {
    const entry = known.get(String(row._id))
    return entry?.generation === generation ? entry : undefined
  }
  const waits = await readWaits(
    store,
    tenantId,
    rows.filter(row => isAnswer(row) && !row.erasedAt && !current(row)),
    session,
  )
  const entries = rows.map(row => {
    const last = known.get(String(row._id))
    const wait = current(row)?.wait ?? waits.get(String(row._id)) ?? (row.erasedAt ? (last?.wait ?? null) : null)
    const after = row.erasedAt ? contributionIn(last) : contributionOf(row, timezone, wait)
    return { row, before: contributionIn(current(row)), after, wait }
  })
  await writeEntries(store, counting, entries, session)
  return await addToCells(store, counting, differences(entries), session)
}

/** Counts closings that the counters lack, inside a transaction. @returns what was added */
export async function countClosings(
  store: Store,
  counting: Counting,
  rows: readonly ClosingDoc[],
  session: ClientSession,
): Promise<Contribution[]> {
  if (rows.length === 0) return []
  const { tenantId, generation, timezone } = counting
  const filter = { _id: { $in: rows.map(({ _id }) => _id) }, tenantId }
  await store.raw.closings.updateMany(filter, { $set: { countedIn: generation } }, { session })
  const changes = rows.map(row => ({ before: null, after: closingContribution(row, timezone) }))
  return await addToCells(store, counting, differences(changes), session)
}

const contributionIn = (entry: CountedMessageDoc | undefined): Contribution | null =>
  entry?.cell ? { cell: entry.cell, counts: entry.counts } : null

interface Entry {
  row: Row
  after: Contribution | null
  wait: AnsweredWait | null
}

async function writeEntries(
  store: Store,
  { tenantId, generation }: Counting,
  entries: readonly Entry[],
  session: ClientSession,
): Promise<void> {
  const operations: mongo.AnyBulkWriteOperation<CountedMessageDoc>[] = entries
    .filter(({ after, wait }) => after !== null || wait !== null)
    .map(({ row, after, wait }) => ({
      updateOne: {
        filter: { _id: row._id, tenantId },
        update: { $set: { generation, cell: after?.cell ?? null, counts: after?.counts ?? {}, wait } },
        upsert: true,
      },
    }))
  const gone = entries.filter(({ after, wait }) => after === null && wait === null).map(({ row }) => row._id)
  if (gone.length > 0) operations.push({ deleteMany: { filter: { _id: { $in: gone }, tenantId } } })
  await store.raw.countedMessages.bulkWrite(operations, { ordered: false, session })
}

async function addToCells(
  store: Store,
  { tenantId, generation }: Counting,
  added: Contribution[],
  session: ClientSession,
): Promise<Contribution[]> {
  const operations: mongo.AnyBulkWriteOperation<AnalyticsCellDoc>[] = added.map(({ cell, counts }) => ({
    updateOne: {
      filter: { _id: cellId(tenantId, generation, cellKey(cell)), tenantId },
      update: { $setOnInsert: { generation, ...cell }, $inc: Object.fromEntries(increments('counts', counts)) },
      upsert: true,
    },
  }))
  if (operations.length > 0) await store.raw.analyticsCells.bulkWrite(operations, { ordered: false, session })
  return added
}

const cellId = (tenantId: Id, generation: number, key: string): string =>
  createHash('sha256').update(`${tenantId}:${generation}:${key}`).digest('base64url')

/** The update that adds counts to those of a document. */
const increments = (path: string, counts: Counts): [string, number][] =>
  Object.entries(counts).flatMap(([group, names]) =>
    Object.entries(names).map(([name, value]): [string, number] => [`${path}.${group}.${name}`, value]),
  )

/** The update that adds the money among what was counted to the months of a state. */
export function spendUpdate(path: string, added: readonly Contribution[]): { $inc?: Record<string, number> } {
  const months: Record<string, Counts> = {}
  for (const { cell, counts } of added) {
    const month = cell.day.slice(0, 7)
    const money = { ...(counts.own && { own: counts.own }), ...(counts.meta && { meta: counts.meta }) }
    months[month] = addCounts(months[month] ?? {}, money)
  }
  const all = Object.entries(months).flatMap(([month, money]) => increments(`${path}.${month}`, money))
  return all.length > 0 ? { $inc: Object.fromEntries(all) } : {}
}
