import { z } from 'zod'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { receivedAtOf } from '#shared/queue/received-at.ts'
import type { Delivery } from '#shared/queue/types.ts'

/** JSON that is no object holds no items; `WebhookEnvelope` would refuse a whole body for one wrong item. */
const Body = z.looseObject({}).catch({})

/** Every item of a webhook delivery, in its order; null when the body is not JSON. */
export function readItems(delivery: Delivery): WebhookItem[] | null {
  const body = readMessage(Body, delivery)
  return body && parseWebhook(body, receivedAtOf(delivery))
}
