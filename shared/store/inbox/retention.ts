import { ENDED } from '../../domain/messages/dispatch.ts'
import type { Id, MessageDoc, RetentionState, TenantDoc } from '../../model/documents.ts'
import { audit } from '../accounts/audit.ts'
import type { Store } from '../connect.ts'
import { WITHOUT_DETAILS } from '../contacts/erase-rows.ts'
import { orOutage } from '../outage.ts'
import type { Session } from '../transaction.ts'

/** Empties messages that are older than their account keeps them. Counters, costs, statuses and ids stay. */

/** An account that keeps messages for so many days only, or whose last run has not ended. */
export interface RetainingTenant {
  _id: Id
  keepDays: number | null
  state: RetentionState
}

const NEW_STATE: RetentionState = { until: null, before: null, after: null, emptied: 0 }

/** Accounts with a retention. Over all tenants. @throws Outage */
export async function findRetainingTenants({ raw }: Store): Promise<RetainingTenant[]> {
  const projection = { 'settings.keepMessagesDays': 1, retention: 1 }
  const rows = await orOutage(raw.tenants.find<Retaining>(RETAINING, { projection }).toArray())
  return rows.map(({ _id, settings, retention }) => ({
    _id,
    keepDays: settings?.keepMessagesDays ?? null,
    state: retention ?? NEW_STATE,
  }))
}

/** The setting, or a run that was begun under one. */
export const RETAINING = { $or: [{ 'settings.keepMessagesDays': { $gt: 0 } }, { 'retention.emptied': { $gt: 0 } }] }

type Retaining = Pick<TenantDoc, '_id' | 'retention'> & { settings?: Pick<TenantDoc['settings'], 'keepMessagesDays'> }

/** Outcome of one step. */
export interface Emptied {
  /** Messages that were looked at. */
  found: number
  /** Set when the run has ended: the messages that it emptied, all in all. */
  ended: number | null
}

/**
 * Empties the next messages of a tenant from before `before`, the oldest first. What is emptied, the previews and files that go with
 * it, how far the run has come and, at its end, the audit entry are written in one transaction: a run that is killed at any point
 * is continued, and counts nothing twice. @param before null: the setting is gone, the run ends where it is @throws Outage
 */
export async function emptyNext(
  store: Store,
  tenantId: Id,
  { before, limit, now }: { before: Date | null; limit: number; now: Date },
): Promise<Emptied> {
  return await orOutage(
    store.transaction(async session => {
      const state = await readState(store, tenantId, session)
      const reached = before ?? state.before
      const next = before === null ? [] : await rowsAfter(store, tenantId, { ...state, before, limit }, session)
      const isPassed = next.length < limit
      const late = isPassed && before !== null ? await lateRows(store, tenantId, { before, limit }, session) : []
      const count = await emptyRows(store, tenantId, next, late, now, session)
      const last = next.at(-1)
      const emptied = state.emptied + count
      const isEnd = isPassed && late.length < limit
      const after = last ? { at: last.at, id: last._id } : state.after
      const retention = isEnd
        ? { until: reached, before: null, after, emptied: 0 }
        : { until: state.until, before: reached, after, emptied }
      await store.raw.tenants.updateOne({ _id: tenantId }, { $set: { retention } }, { session })
      if (isEnd && emptied > 0) await recordRun(store, tenantId, { emptied, reached, now }, session)
      return { found: next.length + late.length, ended: isEnd ? emptied : null }
    }),
  )
}

/** A message as far as a run looks at it. */
type Row = Pick<MessageDoc, '_id' | 'at' | 'conversationId' | 'content' | 'direction' | 'origin' | 'dispatch'> &
  Pick<MessageDoc, 'erasedAt' | 'emptiedAt'>

const FIELDS = {
  at: 1,
  conversationId: 1,
  'content.media': 1,
  direction: 1,
  origin: 1,
  'dispatch.state': 1,
  erasedAt: 1,
  emptiedAt: 1,
} as const

async function readState({ raw }: Store, tenantId: Id, session: Session): Promise<RetentionState> {
  const row = await raw.tenants.findOne({ _id: tenantId }, { projection: { retention: 1 }, session })
  return row?.retention ?? NEW_STATE
}

/** Filter of the messages between the last one that was looked at and `before`. */
export const followingRows = (tenantId: Id, { after, before }: { after: RetentionState['after']; before: Date }) => ({
  tenantId,
  at: { $lt: before, ...(after && { $gte: after.at }) },
  ...(after && { $or: [{ at: { $gt: after.at } }, { _id: { $gt: after.id } }] }),
})

const rowsAfter = (
  { raw }: Store,
  tenantId: Id,
  { limit, ...bounds }: { after: RetentionState['after']; before: Date; limit: number },
  session: Session,
): Promise<Row[]> =>
  raw.messages
    .find<Row>(followingRows(tenantId, bounds), { projection: FIELDS, session })
    .hint('tenant_at')
    .sort({ at: 1, _id: 1 })
    .limit(limit)
    .toArray()

/** Filter of messages that a run has passed, or may have, and that can be emptied now. */
export const passedRows = (tenantId: Id, before: Date) => ({
  tenantId,
  isLate: true,
  at: { $lt: before },
  dispatch: ENDED,
  erasedAt: null,
})

const lateRows = (
  { raw }: Store,
  tenantId: Id,
  { before, limit }: { before: Date; limit: number },
  session: Session,
): Promise<Row[]> =>
  raw.messages.find<Row>(passedRows(tenantId, before), { projection: FIELDS, session }).hint('tenant_late').limit(limit).toArray()

/** @returns how many were emptied */
async function emptyRows(
  store: Store,
  tenantId: Id,
  next: readonly Row[],
  late: readonly Row[],
  now: Date,
  session: Session,
): Promise<number> {
  const { messages } = store.raw
  const unfinished = next.filter(({ dispatch }) => dispatch).map(({ _id }) => _id)
  // One that is still to be sent is emptied once it has ended.
  if (unfinished.length > 0)
    await messages.updateMany({ tenantId, _id: { $in: unfinished } }, { $set: { isLate: true } }, { session })
  const known = new Set(late.map(({ _id }) => String(_id)))
  const ended = next.filter(row => !row.dispatch && !row.erasedAt && !row.emptiedAt && !known.has(String(row._id)))
  const rows = [...ended, ...late]
  if (rows.length === 0) return 0
  const ids = rows.map(({ _id }) => _id)
  await messages.updateMany({ tenantId, _id: { $in: ids } }, emptying(now), { session })
  await hidePreviews(store, tenantId, rows, session)
  await discardFilesOf(store, tenantId, rows, now, session)
  return rows.length
}

/** The name of a template stays: reports count by it. */
const TEMPLATE = { name: '$content.template.name', language: '$content.template.language', variables: { $literal: {} } }

/** The update that takes from a message what it says. Who wrote it to whom, its times, status and costs stay. */
const emptying = (now: Date) => [
  {
    $set: {
      content: {
        text: null,
        media: null,
        template: { $cond: [{ $eq: [{ $type: '$content.template' }, 'object'] }, TEMPLATE, null] },
        data: null,
      },
      payload: null,
      fallback: null,
      reactions: [],
      referral: null,
      ...WITHOUT_DETAILS,
      emptiedAt: now,
    },
  },
  { $unset: 'isLate' },
]

/** Takes what was emptied out of the conversations that show it as their last message, or as their last failure. */
async function hidePreviews({ raw }: Store, tenantId: Id, rows: readonly Row[], session: Session): Promise<void> {
  const ids = { $in: rows.map(({ _id }) => _id) }
  const own = { tenantId, _id: { $in: [...new Map(rows.map(row => [String(row.conversationId), row.conversationId])).values()] } }
  const written = { $inc: { version: 1 } }
  await raw.conversations.updateMany(
    { ...own, 'lastMessage.messageId': ids },
    { $set: { 'lastMessage.text': null }, ...written },
    { session },
  )
  await raw.conversations.updateMany(
    { ...own, 'lastError.messageId': ids },
    { $set: { 'lastError.detail': null }, ...written },
    { session },
  )
}

/** Lists the files of messages for deletion; those that something else still uses are kept then. */
async function discardFilesOf({ raw }: Store, tenantId: Id, rows: readonly Row[], now: Date, session: Session): Promise<void> {
  const files = rows.flatMap(({ content: { media }, direction, origin }) =>
    media ? [{ _id: media.id, isUpload: direction === 'OUTBOUND' && origin !== 'phone' }] : [],
  )
  const operations = files.map(({ _id, isUpload }) => ({
    updateOne: {
      filter: { _id, tenantId },
      update: { $set: { createdAt: now, ...(isUpload && { isUpload: true }) } },
      upsert: true,
    },
  }))
  if (operations.length > 0) await raw.discardedFiles.bulkWrite(operations, { session })
}

async function recordRun(
  store: Store,
  tenantId: Id,
  { emptied, reached, now }: { emptied: number; reached: Date | null; now: Date },
  session: Session,
): Promise<void> {
  const changes = {
    messages: { before: null, after: emptied },
    beforeDay: { before: null, after: reached?.toISOString().slice(0, 10) ?? null },
  }
  const actor = { kind: 'system' as const, id: null, name: null }
  const object = { kind: 'tenant', id: String(tenantId) }
  await audit(store, { tenantId, actor, action: 'tenants.messagesEmptied', object, changes, ip: null }, { session, at: now })
}
