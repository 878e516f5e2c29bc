import { wroteFirst } from '../../domain/numbers/messaging-limit.ts'
import type { Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

type Template = Pick<MessageDoc, '_id' | 'contactKey' | 'conversationId' | 'at'>

const PAGE = 500
const FIELDS = { contactKey: 1, conversationId: 1, at: 1 }

export interface FirstWritten {
  /** Time of the template, by contact key. */
  people: Map<string, Date>
  /** False when the time ran out: people with older templates are missing. */
  isWhole: boolean
}

/**
 * People to whom the numbers of a tenant sent a template outside their service window since `since`, the newest first, until
 * `limit` are found or `maxTimeMS` has passed. @throws Outage
 */
export async function findFirstWritten(
  store: Store,
  { tenantId, phoneNumberIds }: { tenantId: Id; phoneNumberIds: string[] },
  { since, limit, maxTimeMS }: { since: Date; limit: number; maxTimeMS: number },
): Promise<FirstWritten> {
  const until = Date.now() + maxTimeMS
  const people = new Map<string, Date>()
  const templates = {
    tenantId,
    direction: 'OUTBOUND' as const,
    type: 'template',
    phoneNumberId: { $in: phoneNumberIds },
    wamid: { $ne: null },
  }
  for (let last: Template | undefined; ; ) {
    const left = until - Date.now()
    const rows = left > 0 ? await templatesBefore(store, templates, { since, last, maxTimeMS: left }) : null
    for (const { contactKey, at } of await outsideWindow(store, tenantId, rows ?? [])) people.set(contactKey, at)
    last = rows?.at(-1)
    if (rows === null) return { people, isWhole: false }
    if (rows.length < PAGE || people.size >= limit) return { people, isWhole: true }
  }
}

/** The next page of templates, newest first; null when the time ran out. */
async function templatesBefore(
  store: Store,
  templates: object,
  { since, last, maxTimeMS }: { since: Date; last: Template | undefined; maxTimeMS: number },
): Promise<Template[] | null> {
  const behind = last && { $or: [{ at: { $lt: last.at } }, { at: last.at, _id: { $lt: last._id } }] }
  // Both bounds in one condition, so that the index scan starts where the previous page ended.
  const filter = { ...templates, at: { $gte: since, ...(last && { $lte: last.at }) }, ...behind }
  const rows = store.raw.messages
    .find(filter, { projection: FIELDS, hint: 'tenant_at', maxTimeMS })
    .sort({ at: -1, _id: -1 })
    .limit(PAGE)
  return await orOutage(rows.toArray()).catch(error => {
    if ((error as { code?: unknown }).code === MAX_TIME_EXPIRED) return null
    throw error
  })
}

const MAX_TIME_EXPIRED = 50

/** The templates that were outside the window of their conversation. */
async function outsideWindow(store: Store, tenantId: Id, rows: readonly Template[]): Promise<Template[]> {
  const filter = { tenantId, _id: { $in: rows.map(({ conversationId }) => conversationId) } }
  const found = await orOutage(store.raw.conversations.find(filter, { projection: { windowExpiresAt: 1 } }).toArray())
  const windows = new Map(found.map(({ _id, windowExpiresAt }) => [String(_id), windowExpiresAt]))
  return rows.filter(({ conversationId, at }) => wroteFirst(windows.get(String(conversationId)), at))
}
