import type { EventDoc, Id, MediaRef, MessageDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'
import { orOutage } from '../outage.ts'
import { visibleMessages, withAll } from './visibility.ts'

type Key = Id | string

/** The message if it exists and has a file, else null. @throws Outage */
export async function findMediaMessage(store: Store, tenantId: Key, messageId: Key): Promise<MessageDoc | null> {
  const filter = { tenantId, _id: messageId, deletedAt: null }
  const row = await orOutage(store.models.messages.findOne(filter).lean())
  return row?.content.media ? row : null
}

/** The message that has the file with this id. @throws Outage */
export async function findMedia(store: Store, tenantId: Key, mediaId: Key): Promise<MessageDoc | null> {
  const visible = withAll(await visibleMessages(store, tenantId))
  const filter = { tenantId, 'content.media.id': mediaId, deletedAt: null, ...visible }
  return await orOutage(store.models.messages.findOne(filter).lean())
}

/**
 * Writes the result of fetching a file, with its event, unless another process has settled the file or the message has another
 * file or none by now. @returns whether it was written. @throws Outage
 */
export async function settleMedia(
  store: Store,
  message: Pick<MessageDoc, '_id' | 'tenantId' | 'content'>,
  from: readonly MediaRef['state'][],
  change: Partial<MediaRef>,
  event: EventDoc | null = null,
): Promise<boolean> {
  const { _id, tenantId, content } = message
  const filter = {
    _id,
    tenantId,
    'content.media.id': content.media?.id ?? null,
    'content.media.state': trusted({ $in: [...from] }),
  }
  const $set = Object.fromEntries(Object.entries(change).map(([name, value]) => [`content.media.${name}`, value]))
  return await store.transaction(async session => {
    const { matchedCount } = await store.models.messages.updateOne(filter, { $set }, { session })
    if (matchedCount === 1 && event !== null) await insertEvents(store, [event], session)
    return matchedCount === 1
  })
}

/** Whether the file of a message comes from Meta: the customer sent it, or the business did in its own app. */
export const hasFileOfMeta = ({ direction, origin }: Pick<MessageDoc, 'direction' | 'origin'>): boolean =>
  direction === 'INBOUND' || origin === 'phone'

/** Messages created before `before` whose file was not fetched from Meta: its job was lost. Over all tenants. @throws Outage */
export async function findUnfetchedMedia(
  store: Store,
  before: Date,
  limit: number,
): Promise<Pick<MessageDoc, '_id' | 'tenantId'>[]> {
  const ofMeta = [{ direction: 'INBOUND' as const }, { origin: 'phone' as const }]
  const filter = { 'content.media.state': 'PENDING' as const, createdAt: { $lte: before }, $or: ofMeta }
  const rows = store.raw.messages.find(filter, { projection: { tenantId: 1 } })
  return await orOutage(rows.limit(limit).toArray())
}
