import { z } from 'zod'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { eventTypeOf } from '#shared/fold/verdict.ts'
import { type Id, isId, toId } from '#shared/model/ids.ts'
import type { Logger } from '#shared/process/logger.ts'
import { deadLetters } from '#shared/process/metrics.ts'
import { readDeadLetter } from '#shared/queue/origin.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { failWebhookEvents, storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'
import { ownersOf } from './give-up.ts'
import { readWebhookItems } from './read-items.ts'

interface Deps {
  store: Store
  queue: Queue
  log: Logger
}

/** Consumes the dead letters of all queues and stores them with their reason, so that users can see and replay them. */
export async function startDeadLetterConsumer(deps: Deps): Promise<AsyncDisposable> {
  const options = { prefetch: 32, available: () => deps.store.takesWrites() }
  return await deps.queue.consume(QUEUES.dead, delivery => storeDelivery(deps, delivery), options)
}

async function storeDelivery({ store, log }: Deps, delivery: Delivery): Promise<Outcome> {
  const origin = readDeadLetter(delivery)
  const events = delivery.type === MESSAGE_TYPE.webhook ? await eventsOf(store, delivery, origin.reason) : []
  await storeDeadLetter(store, {
    ...origin,
    tenantId: ownerOf(delivery, events),
    type: delivery.type,
    messageId: delivery.messageId,
    payload: delivery.content.toString('utf8'),
    headers: plainHeaders(delivery.headers),
    createdAt: new Date(),
  })
  await failWebhookEvents(store, events)
  deadLetters.inc({ queue: origin.queue })
  log.error(
    { queue: origin.queue, reason: origin.reason, attempt: origin.attempt, messageId: delivery.messageId },
    'dead letter stored',
  )
  return DONE
}

/** The tenant that the whole message concerns; null when there are several, because none of them may see the others' data. */
function ownerOf(delivery: Delivery, events: readonly { tenantId: Id | null }[]): Id | null {
  const [first] = events
  if (first) return events.every(({ tenantId }) => String(tenantId) === String(first.tenantId)) ? first.tenantId : null
  const named = delivery.tenantId && isId(delivery.tenantId) ? toId(delivery.tenantId) : null
  if (delivery.type !== MESSAGE_TYPE.events) return named
  const tenantIds = tenantsIn(delivery)
  return tenantIds.length > 0 && tenantIds.every(tenantId => tenantId === String(named)) ? named : null
}

/** The tenants of realtime events; the rest of the body may be invalid. */
const Owners = z.object({ events: z.array(z.object({ tenantId: z.unknown() })) })
const tenantsIn = (delivery: Delivery): unknown[] => readMessage(Owners, delivery)?.events.map(({ tenantId }) => tenantId) ?? []

async function eventsOf(store: Store, delivery: Delivery, reason: string) {
  const items = readWebhookItems(delivery) ?? []
  const owners = await ownersOf(store, items)
  return items.map((item, i) => ({
    _id: item.eventId,
    tenantId: owners[i] ?? null,
    phoneNumberId: item.phoneNumberId,
    wabaId: item.wabaId,
    eventType: eventTypeOf(item),
    field: item.field,
    payload: item.payload,
    receivedAt: item.receivedAt,
    reason,
  }))
}

const plainHeaders = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name, value]) => name.startsWith('x-linko-') && typeof value !== 'object'))
