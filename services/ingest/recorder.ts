import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { Outage } from '#shared/domain/errors.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import type { Logger } from '#shared/process/logger.ts'
import { webhookLag, webhookProcessed } from '#shared/process/metrics.ts'
import { EXCHANGES, eventKey, QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import type { EventDoc } from '#shared/store/documents.ts'
import { recordItems } from './record.ts'

export interface RecorderDeps {
  store: Store
  queue: Queue
  log: Logger
}

const BATCH = { prefetch: 512, maxBatch: 256, lingerMs: 5 }

/** Consumes every webhook lane, this process's share of the shards; its life is told by the keeper's queue. */
export async function startRecorder(
  deps: RecorderDeps,
): Promise<AsyncDisposable & { isReady(): boolean; activeShards(): string[] }> {
  const { queue, store } = deps
  return queue.consumeShards(
    [...QUEUES.conversation, ...QUEUES.bulkStatus, QUEUES.account],
    deliveries => recordDeliveries(deps, deliveries),
    { ...BATCH, membersQueue: QUEUES.dead, available: () => store.ping() },
  )
}

interface Read {
  delivery: Delivery
  items: WebhookItem[] | null
}

/** @throws Outage: the adapter waits in place with the same deliveries */
export async function recordDeliveries(deps: RecorderDeps, deliveries: Delivery[]): Promise<Outcome[]> {
  const reads = deliveries.map(readItems)
  const outcomes = new Map<Delivery, Outcome>()
  for (const { delivery, items } of reads) if (items === null) outcomes.set(delivery, { kind: 'dead-letter', reason: 'not JSON' })
  await recordReads(
    deps,
    reads.filter(read => read.items !== null),
    outcomes,
  )
  return deliveries.map(delivery => outcomes.get(delivery) ?? DONE)
}

function readItems(delivery: Delivery): Read {
  try {
    const receivedAt = new Date(Number(delivery.headers[RECEIVED_AT_HEADER]) || Date.now())
    return { delivery, items: parseWebhook(JSON.parse(delivery.content.toString('utf8')), receivedAt) }
  } catch {
    return { delivery, items: null }
  }
}

/** A batch that fails is halved until the bad delivery stands alone: its neighbours are stored all the same. */
async function recordReads(deps: RecorderDeps, reads: Read[], outcomes: Map<Delivery, Outcome>): Promise<void> {
  if (reads.length === 0) return
  const items = reads.flatMap(read => read.items ?? [])
  try {
    const { events, tally } = await recordItems(deps.store, items)
    for (const { kind, outcome } of tally) webhookProcessed.inc({ kind, outcome })
    const now = Date.now()
    for (const item of items) webhookLag.observe(Math.max(0, now - item.receivedAt.getTime()) / 1000)
    await publishEvents(deps, events, reads[0]?.delivery.traceparent ?? null)
  } catch (error) {
    if (error instanceof Outage) throw error
    const [only] = reads
    if (reads.length === 1 && only !== undefined) {
      outcomes.set(only.delivery, { kind: 'retry', error })
      return
    }
    deps.log.warn({ err: error, size: reads.length }, 'a batch failed and is halved')
    const middle = Math.ceil(reads.length / 2)
    await recordReads(deps, reads.slice(0, middle), outcomes)
    await recordReads(deps, reads.slice(middle), outcomes)
  }
}

/** After the commit; what fails here stays in the outbox and is published by the sweep. */
async function publishEvents({ queue, log }: RecorderDeps, events: EventDoc[], traceparent: string | null): Promise<void> {
  const results = await Promise.allSettled(events.map(event => queue.publish(messageOf(event, traceparent))))
  const failed = results.filter(result => result.status === 'rejected')
  if (failed.length > 0) log.warn({ failed: failed.length, err: failed[0]?.reason }, 'events left to the sweep')
}

function messageOf(event: EventDoc, traceparent: string | null) {
  const tenantId = String(event.tenantId)
  const body: RealtimeEvent = {
    v: 1,
    eventId: event._id,
    tenantId,
    name: event.name,
    at: event.at.toISOString(),
    clientId: event.clientId ? String(event.clientId) : null,
    conversationId: event.conversationId ? String(event.conversationId) : null,
    userId: event.userId ? String(event.userId) : null,
    payload: event.payload,
  }
  const routingKey = eventKey(tenantId, event.name)
  return { exchange: EXCHANGES.event, routingKey, type: MESSAGE_TYPE.event, body, messageId: event._id, tenantId, traceparent }
}
