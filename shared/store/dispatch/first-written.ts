import { wroteFirst } from '../../domain/numbers/messaging-limit.ts'
import type { Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

type Template = Pick<MessageDoc, '_id' | 'contactKey' | 'conversationId' | 'at'>

const PAGE = 500
const FIELDS = { contactKey: 1, conversationId: 1, at: 1 }

/** People by contact key, and when. `isWhole` false: it took too long, whoever was written to before them is left out. */
export interface Found {
  people: Map<string, Date>
  isWhole: boolean
}

/**
 * People to whom numbers of a tenant sent a template outside their window since then, the newest first, until so many are found.
 * @throws Outage
 */
export async function findFirstWritten(
  store: Store,
  { tenantId, phoneNumberIds }: { tenantId: Id; phoneNumberIds: string[] },
  { since, limit, maxTimeMS }: { since: Date; limit: number; maxTimeMS: number },
): Promise<Found> {
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
    for (const { contactKey, at } of await firstOf(store, tenantId, rows ?? [])) people.set(contactKey, at)
    last = rows?.at(-1)
    if (rows === null) return { people, isWhole: false }
    if (rows.length < PAGE || people.size >= limit) return { people, isWhole: true }
  }
}

/** The next page, newest first; null: it took too long. */
async function templatesBefore(
  store: Store,
  templates: object,
  { since, last, maxTimeMS }: { since: Date; last: Template | undefined; maxTimeMS: number },
): Promise<Template[] | null> {
  const behind = last && { $or: [{ at: { $lt: last.at } }, { at: last.at, _id: { $lt: last._id } }] }
  // Both ends in one condition: the index is entered where the page before ended.
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

async function firstOf(store: Store, tenantId: Id, rows: readonly Template[]): Promise<Template[]> {
  const filter = { tenantId, _id: { $in: rows.map(({ conversationId }) => conversationId) } }
  const found = await orOutage(store.raw.conversations.find(filter, { projection: { windowExpiresAt: 1 } }).toArray())
  const windows = new Map(found.map(({ _id, windowExpiresAt }) => [String(_id), windowExpiresAt]))
  return rows.filter(({ conversationId, at }) => wroteFirst(windows.get(String(conversationId)), at))
}
