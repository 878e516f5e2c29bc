import { z } from 'zod'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { startOfTrace } from '#shared/process/trace.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import type { Delivery } from '#shared/queue/types.ts'

/** JSON that is no object holds no items; `WebhookEnvelope` would refuse a whole body for one wrong item. */
const Body = z.looseObject({}).catch({})

/** Every item of a webhook delivery, in its order; null when the body is not JSON. */
export function readItems(delivery: Delivery): WebhookItem[] | null {
  const body = readMessage(Body, delivery)
  return body && parseWebhook(body, receivedAtOf(delivery))
}

/** Arrival time of every item in a delivery. The receiver's own messages have a timed trace id as their id. */
function receivedAtOf({ headers, messageId }: Delivery): Date {
  return new Date(Number(headers[RECEIVED_AT_HEADER]) || startOfTrace(messageId) || Date.now())
}
