import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { Outage } from '#shared/domain/errors.ts'
import { clientsOf } from '#shared/fold/context.ts'
import { eventTypeOf } from '#shared/fold/verdict.ts'
import type { WebhookItem } from '#shared/meta/webhook.ts'
import type { Id } from '#shared/model/documents.ts'
import { errorText } from '#shared/process/error-summary.ts'
import type { Logger } from '#shared/process/logger.ts'
import { deadLetters } from '#shared/process/metrics.ts'
import type { Delivery } from '#shared/queue/types.ts'
import { readReferenceData } from '#shared/recording/reference-data.ts'
import type { Store } from '#shared/store/connect.ts'
import { failWebhookEvents, storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'

interface Refused {
  item: WebhookItem
  delivery: Delivery
  tenantId: Id | null
}

/** Stores an item as a dead letter with its reason, in an envelope of its own, so that it can be replayed. @throws Outage */
export async function giveUp(
  { store, log }: { store: Store; log: Logger },
  { item, delivery, tenantId }: Refused,
  failure: string,
  error: unknown,
): Promise<void> {
  const reason = item.kind === 'broken' ? item.reason : failure
  await storeDeadLetter(store, {
    tenantId,
    queue: delivery.queue,
    exchange: delivery.exchange,
    routingKey: delivery.routingKey,
    type: MESSAGE_TYPE.webhook,
    reason,
    error: error === null ? null : errorText(error),
    attempt: delivery.attempt,
    messageId: item.eventId,
    payload: JSON.stringify(item.payload),
    headers: { [RECEIVED_AT_HEADER]: item.receivedAt.getTime() },
    createdAt: new Date(),
  })
  await failEvent(store, item, tenantId, reason)
  deadLetters.inc({ queue: delivery.queue })
  log.error({ err: error ?? undefined, eventId: item.eventId, queue: delivery.queue, reason }, 'webhook item given up')
}

/**
 * The tenant of each item; null when no tenant has its number or, without a number, its business account. Also null for all
 * when the lookup fails. @throws Outage
 */
export async function ownersOf(store: Store, items: readonly WebhookItem[]): Promise<(Id | null)[]> {
  try {
    const reference = await readReferenceData(store, items)
    return items.map(item => clientsOf(reference, item)[0]?.tenantId ?? null)
  } catch (error) {
    if (error instanceof Outage) throw error
    return items.map(() => null)
  }
}

async function failEvent(store: Store, item: WebhookItem, tenantId: Id | null, reason: string): Promise<void> {
  const { eventId: _id, field, wabaId, phoneNumberId, receivedAt, payload } = item
  const row = { _id, tenantId, field, wabaId, phoneNumberId, receivedAt, eventType: eventTypeOf(item), reason }
  try {
    await failWebhookEvents(store, [{ ...row, payload }])
  } catch (error) {
    if (error instanceof Outage) throw error
    // MongoDB stores a payload that it refuses as a document when it is a string.
    await failWebhookEvents(store, [{ ...row, payload: { json: JSON.stringify(payload) } }])
  }
}
