import { z } from 'zod'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { receivedAtOf } from '#shared/queue/received-at.ts'
import type { Delivery } from '#shared/queue/types.ts'

/** Lenient, unlike `WebhookEnvelope`, which refuses a whole body for one wrong item. JSON that is not an object has no items. */
const Body = z.looseObject({}).catch({})

/** The items of a webhook delivery, in order; null when the body is not JSON. */
export function readItems(delivery: Delivery): WebhookItem[] | null {
  const body = readMessage(Body, delivery)
  return body && parseWebhook(body, receivedAtOf(delivery))
}
