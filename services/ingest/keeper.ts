import { Types } from 'mongoose'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { Logger } from '#shared/process/logger.ts'
import { deadLetters } from '#shared/process/metrics.ts'
import { readDeadLetter } from '#shared/queue/origin.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Consumer, type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import { findByPhoneNumberIds } from '#shared/store/clients.ts'
import type { Store } from '#shared/store/connect.ts'
import { failWebhookEvents, keepDeadLetter } from '#shared/store/dead-letters.ts'
import { orOutage } from '#shared/store/outage.ts'
import { receivedAtOf } from './received-at.ts'

/** Takes what every queue gave up into the store, where people see it with its reason and can send it again. */
export function startKeeper(deps: { store: Store; queue: Queue; log: Logger }): Promise<Consumer> {
  return deps.queue.consume(QUEUES.dead, delivery => keep(deps, delivery), { prefetch: 32, available: () => deps.store.ping() })
}

async function keep({ store, log }: { store: Store; log: Logger }, delivery: Delivery): Promise<Outcome> {
  const origin = readDeadLetter(delivery)
  const tenantId = delivery.tenantId && Types.ObjectId.isValid(delivery.tenantId) ? new Types.ObjectId(delivery.tenantId) : null
  await keepDeadLetter(store, {
    ...origin,
    tenantId,
    type: delivery.type,
    messageId: delivery.messageId,
    payload: delivery.content.toString('utf8'),
    headers: plainHeaders(delivery.headers),
    createdAt: new Date(),
  })
  if (delivery.type === MESSAGE_TYPE.webhook) await failWebhookEvents(store, await eventsOf(store, delivery, origin.reason))
  deadLetters.inc({ queue: origin.queue })
  log.error(
    { queue: origin.queue, reason: origin.reason, attempt: origin.attempt, messageId: delivery.messageId },
    'dead letter kept',
  )
  return DONE
}

async function eventsOf(store: Store, delivery: Delivery, reason: string) {
  const items = parsed(delivery)
  const clients = await orOutage(
    findByPhoneNumberIds(
      store,
      items.flatMap(item => item.phoneNumberId ?? []),
    ),
  )
  return items.map(item => ({
    _id: item.eventId,
    tenantId: clients.get(item.phoneNumberId ?? '')?.tenantId ?? null,
    phoneNumberId: item.phoneNumberId,
    wabaId: item.wabaId,
    eventType: item.kind === 'echo' ? ('message' as const) : item.kind === 'broken' ? ('error' as const) : item.kind,
    field: item.field,
    payload: item.payload,
    receivedAt: item.receivedAt,
    reason,
  }))
}

function parsed(delivery: Delivery): WebhookItem[] {
  try {
    return parseWebhook(JSON.parse(delivery.content.toString('utf8')), receivedAtOf(delivery))
  } catch {
    return []
  }
}

const plainHeaders = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name, value]) => name.startsWith('x-linko-') && typeof value !== 'object'))
