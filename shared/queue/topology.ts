import type { Priority } from '../domain/messages/priority.ts'
import { conversationShard, tenantShard } from '../domain/shard.ts'

/**
 * Every exchange and queue, on one page. Names carry a version: arguments and shard counts never change under a name (RabbitMQ
 * answers 406), so a change takes a new name. No queue is created outside this page.
 */
export const SHARDS = { conversation: 4, bulkStatus: 2, realtime: 4 } as const

export const EXCHANGES = {
  webhook: 'linko.webhook.v1',
  send: 'linko.send.v1',
  event: 'linko.event.v1',
  media: 'linko.media.v1',
  dead: 'linko.dead.v1',
} as const

/** Delays in seconds, with one queue each: in a shared queue a message would wait behind one with a longer TTL. */
export const RETRY_DELAYS_S = [1, 10, 60, 600] as const

export const QUEUES = {
  conversation: Array.from({ length: SHARDS.conversation }, (_, i) => `linko.webhook.v1.conversation.${i}`),
  bulkStatus: Array.from({ length: SHARDS.bulkStatus }, (_, i) => `linko.webhook.v1.bulk-status.${i}`),
  account: 'linko.webhook.v1.account',
  chat: 'linko.send.v1.chat',
  bulk: 'linko.send.v1.bulk',
  /** Read receipts and typing indicators: short-lived, and may be dropped. */
  receipts: 'linko.send.v1.receipts',
  realtime: Array.from({ length: SHARDS.realtime }, (_, i) => `linko.event.v1.realtime.${i}`),
  /** Receives no messages: its consumer count is the number of live realtime nodes. */
  members: 'linko.event.v1.members',
  media: 'linko.media.v1',
  /** Its consumer count is the number of live recorders. */
  dead: 'linko.dead.v1',
} as const

export const retryQueue = (seconds: (typeof RETRY_DELAYS_S)[number]) => `linko.retry.v1.${seconds}`

export const webhookKeys = {
  /** @param person waId or business-scoped user id of the contact */
  conversation: (phoneNumberId: string, person: string) =>
    `conversation.${conversationShard(phoneNumberId, person, SHARDS.conversation)}`,
  bulkStatus: (phoneNumberId: string, person: string) =>
    `bulk-status.${conversationShard(phoneNumberId, person, SHARDS.bulkStatus)}`,
  account: 'account',
}

/** Routing key of a send job. Campaigns have a queue of their own, so that replies never wait behind them. */
export const sendKey = (priority: Priority) => (priority === 'campaign' ? 'bulk' : 'chat')

export const eventShard = (tenantId: string) => tenantShard(tenantId, SHARDS.realtime)
/** Routing key of events. @param name the event name, or `mixed` */
export const eventKey = (shard: number, name: string) => `${shard}.${name.replace(':', '.')}`

export interface QueueDeclaration {
  name: string
  arguments: Record<string, unknown>
}
export interface Topology {
  exchanges: { name: string; type: 'direct' | 'topic' | 'fanout' }[]
  queues: QueueDeclaration[]
  bindings: { queue: string; exchange: string; key: string }[]
}

/** Returns to its queue after which the broker makes a dead letter: for messages that end the processes that take them. */
const DELIVERY_LIMIT = 20
const DEAD_DELIVERY_LIMIT = 1_000_000

/** How often a message may return to this queue. */
export const deliveryLimit = (queue: string) => (queue === QUEUES.dead ? DEAD_DELIVERY_LIMIT : DELIVERY_LIMIT)

const quorum = { 'x-queue-type': 'quorum' }
/**
 * Arguments of a queue whose messages may be lost: the oldest are dropped above 20,000 or after 1 h, and none is dead-lettered.
 */
const lossyQueue = {
  ...quorum,
  'x-message-ttl': 60 * 60 * 1000,
  'x-max-length': 20_000,
  'x-overflow': 'drop-head',
  'x-delivery-limit': DELIVERY_LIMIT,
}

function workQueue(name: string, singleActiveConsumer: boolean): QueueDeclaration {
  return {
    name,
    arguments: {
      ...quorum,
      'x-dead-letter-exchange': EXCHANGES.dead,
      'x-dead-letter-routing-key': name,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': DELIVERY_LIMIT,
      ...(singleActiveConsumer && { 'x-single-active-consumer': true }),
    },
  }
}

/** The whole topology, the dead queue first: without it a dead letter would stay invisible in its source queue for minutes. */
export function topology(): Topology {
  const retries = RETRY_DELAYS_S.map(seconds => ({ seconds, name: retryQueue(seconds) }))
  return {
    exchanges: [
      { name: EXCHANGES.dead, type: 'fanout' },
      ...retries.map(({ name }) => ({ name, type: 'fanout' as const })),
      { name: EXCHANGES.webhook, type: 'direct' },
      { name: EXCHANGES.send, type: 'direct' },
      { name: EXCHANGES.event, type: 'topic' },
      { name: EXCHANGES.media, type: 'direct' },
    ],
    queues: [
      { name: QUEUES.dead, arguments: { ...quorum, 'x-delivery-limit': DEAD_DELIVERY_LIMIT } },
      ...retries.map(({ seconds, name }) => ({
        name,
        arguments: {
          ...quorum,
          'x-message-ttl': seconds * 1000,
          'x-dead-letter-exchange': '',
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
        },
      })),
      ...QUEUES.conversation.map(name => workQueue(name, true)),
      ...QUEUES.bulkStatus.map(name => workQueue(name, true)),
      workQueue(QUEUES.account, true),
      workQueue(QUEUES.chat, false),
      workQueue(QUEUES.bulk, false),
      { name: QUEUES.receipts, arguments: lossyQueue },
      ...QUEUES.realtime.map(name => workQueue(name, true)),
      workQueue(QUEUES.members, false),
      workQueue(QUEUES.media, false),
    ],
    bindings: [
      { queue: QUEUES.dead, exchange: EXCHANGES.dead, key: '' },
      ...retries.map(({ name }) => ({ queue: name, exchange: name, key: '' })),
      ...QUEUES.conversation.map((queue, i) => ({ queue, exchange: EXCHANGES.webhook, key: `conversation.${i}` })),
      ...QUEUES.bulkStatus.map((queue, i) => ({ queue, exchange: EXCHANGES.webhook, key: `bulk-status.${i}` })),
      { queue: QUEUES.account, exchange: EXCHANGES.webhook, key: 'account' },
      { queue: QUEUES.chat, exchange: EXCHANGES.send, key: sendKey('chat') },
      { queue: QUEUES.bulk, exchange: EXCHANGES.send, key: sendKey('campaign') },
      { queue: QUEUES.receipts, exchange: EXCHANGES.send, key: 'receipt' },
      ...QUEUES.realtime.map((queue, i) => ({ queue, exchange: EXCHANGES.event, key: `${i}.#` })),
      { queue: QUEUES.media, exchange: EXCHANGES.media, key: 'media' },
    ],
  }
}

/** Where messages are counted that no binding names. */
const UNROUTED = 'unrouted'

/** Queues by exchange and routing key: whole for a direct exchange, its first word for a topic, none for a fanout. */
const queueByRoute = new Map(
  topology().bindings.map(({ queue, exchange, key }) => [`${exchange} ${key.replace('.#', '')}`, queue]),
)
const queueNames = new Set(topology().queues.map(({ name }) => name))

/** Name of the queue that takes a message. The default exchange routes by the queue's own name. */
export function queueOf(exchange: string, routingKey: string): string {
  if (exchange === '') return queueNames.has(routingKey) ? routingKey : UNROUTED
  return (
    queueByRoute.get(`${exchange} ${routingKey}`) ??
    queueByRoute.get(`${exchange} ${routingKey.split('.', 1)[0]}`) ??
    queueByRoute.get(`${exchange} `) ??
    UNROUTED
  )
}
