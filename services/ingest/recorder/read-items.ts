import { z } from 'zod'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { ProjectionJob } from '#shared/contracts/projection-job.ts'
import type { FoldItem } from '#shared/fold/batch.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { toId } from '#shared/model/ids.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { receivedAtOf } from '#shared/queue/received-at.ts'
import type { Delivery } from '#shared/queue/types.ts'

/** Lenient, unlike `WebhookEnvelope`, which refuses a whole body for one wrong item. JSON that is not an object has no items. */
const Body = z.looseObject({}).catch({})

/** Every item of a delivery to the recorder, in its order; null when the body cannot be read. */
export function readItems(delivery: Delivery): FoldItem[] | null {
  return delivery.type === MESSAGE_TYPE.projection ? readProjections(delivery) : readWebhookItems(delivery)
}

function readProjections(delivery: Delivery): FoldItem[] | null {
  const job = readMessage(ProjectionJob, delivery)
  if (job === null) return null
  return job.messages.map(({ messageId, tenantId }) => ({
    kind: 'projection',
    messageId: toId(messageId),
    tenantId: toId(tenantId),
  }))
}

/** Every item of a webhook delivery; null when the body is not JSON. */
export function readWebhookItems(delivery: Delivery): WebhookItem[] | null {
  const body = readMessage(Body, delivery)
  const items = body && parseWebhook(body, receivedAtOf(delivery))
  const { publishedAt } = delivery
  if (publishedAt) for (const item of items ?? []) item.publishedAt = publishedAt
  return items
}
