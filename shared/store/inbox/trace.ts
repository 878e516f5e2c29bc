import type { EventDoc, MessageDoc, WebhookEventDoc } from '../../model/documents.ts'
import type { TracedEvent } from '../../views/trace.ts'
import { type Store, trusted } from '../connect.ts'

/** More events than a tenant can have between two marks of emission, which are a second apart. */
const MOST_UNMARKED = 20_000

type InTenant = Pick<MessageDoc, 'tenantId'>

/** Stored webhooks with these ids, with their payloads, in the order of their arrival. */
export async function findWebhooks(
  { models }: Store,
  { tenantId }: InTenant,
  ids: readonly string[],
): Promise<WebhookEventDoc[]> {
  const rows = models.webhookEvents.find({ tenantId, _id: trusted({ $in: [...ids] }) }).sort({ receivedAt: 1, _id: 1 })
  return (await rows.lean()) as WebhookEventDoc[]
}

/** The events about a message: of these webhooks, and of the outcomes of its attempts. At most a day old. */
export async function findTracedEvents(
  store: Store,
  { tenantId, _id }: Pick<MessageDoc, 'tenantId' | '_id'>,
  webhookIds: readonly string[],
): Promise<TracedEvent[]> {
  const ofWebhooks = { _id: trusted({ $in: webhookIds.map(id => `r:${id}`) }) }
  const ofOutcomes = { _id: trusted({ $gt: `d:${_id}:`, $lt: `d:${_id};` }) }
  const filter = { tenantId, $and: [trusted({ $or: [ofWebhooks, ofOutcomes] })] }
  const rows = (await store.models.events.find(filter, { payload: 0 }).lean()) as Omit<EventDoc, 'payload'>[]
  const own = rows.filter(({ _id: id }) => !id.endsWith(':conversation:updated'))
  return await Promise.all(own.map(async row => ({ ...row, emittedBy: await emittedBy(store, row) })))
}

/** When an event had certainly been emitted: the time of the next mark in the tenant's order. */
async function emittedBy({ models }: Store, { tenantId, seq }: Pick<EventDoc, 'tenantId' | 'seq'>): Promise<Date | null> {
  if (seq == null) return null
  const behind = trusted({ $gte: seq, $lt: seq + MOST_UNMARKED })
  const marked = { tenantId, seq: behind, emittedAt: trusted({ $gt: new Date(0) }) }
  const mark = await models.events.findOne(marked, { emittedAt: 1 }).sort({ seq: 1 }).lean()
  return mark?.emittedAt ?? null
}
