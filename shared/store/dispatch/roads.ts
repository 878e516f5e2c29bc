import type { Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { COUNT_LIMIT, LIST_MS } from '../pages.ts'

const MINUTE_MS = 60_000

/** How busy the two roads of a tenant are: webhooks in and messages out, in the last minute. */
export async function readRoads({ models }: Store, tenantId: Id | string, now: Date) {
  const since = trusted({ $gte: new Date(now.getTime() - MINUTE_MS) })
  const bounds = { limit: COUNT_LIMIT, maxTimeMS: LIST_MS }
  const newest = { at: -1, _id: -1 } as const
  const [webhooks, lastWebhook, messages, lastMessage] = await Promise.all([
    models.webhookEvents.countDocuments({ tenantId, receivedAt: since }, bounds),
    models.webhookEvents.findOne({ tenantId }, { receivedAt: 1, processedAt: 1 }).sort({ receivedAt: -1, _id: -1 }).lean(),
    models.messages.countDocuments({ tenantId, at: since, direction: 'OUTBOUND' }, bounds),
    models.messages.findOne({ tenantId, direction: 'OUTBOUND' }, { at: 1 }).sort(newest).lean(),
  ])
  const { receivedAt, processedAt } = lastWebhook ?? {}
  return {
    in: {
      perMinute: webhooks,
      lastAt: receivedAt?.toISOString() ?? null,
      lateMs: receivedAt && processedAt ? Math.max(0, processedAt.getTime() - receivedAt.getTime()) : null,
    },
    out: { perMinute: messages, lastAt: lastMessage?.at.toISOString() ?? null },
  }
}
