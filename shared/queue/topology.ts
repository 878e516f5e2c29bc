import type { Priority } from '../domain/messages/priority.ts'
import { conversationShard, tenantShard } from '../domain/shard.ts'

/**
 * Every exchange and queue, on one page. Names carry the version: arguments and shard counts never change under a name
 * (RabbitMQ answers 406), a new version is a new name. No queue is ever created at run time.
 */
export const SHARDS = { conversation: 4, bulkStatus: 2, realtime: 4 } as const

export const EXCHANGES = {
  webhook: 'linko.webhook.v1',
  send: 'linko.send.v1',
  event: 'linko.event.v1',
  media: 'linko.media.v1',
  dead: 'linko.dead.v1',
} as const

/** Seconds of the delay ladder; one queue each, for per-message TTLs block behind longer ones. */
export const RETRY_DELAYS_S = [1, 10, 60, 600] as const

export const QUEUES = {
  conversation: Array.from({ length: SHARDS.conversation }, (_, i) => `linko.webhook.v1.conversation.${i}`),
  bulkStatus: Array.from({ length: SHARDS.bulkStatus }, (_, i) => `linko.webhook.v1.bulk-status.${i}`),
  account: 'linko.webhook.v1.account',
  chat: 'linko.send.v1.chat',
  bulk: 'linko.send.v1.bulk',
  /** Read receipts and typing: short-lived, and nobody's loss when they go. */
  receipts: 'linko.send.v1.receipts',
  realtime: Array.from({ length: SHARDS.realtime }, (_, i) => `linko.event.v1.realtime.${i}`),
  /** Never fed: its consumer count tells how many realtime nodes live. */
  members: 'linko.event.v1.members',
  media: 'linko.media.v1',
  /** Its consumer count tells how many recorders live. */
  dead: 'linko.dead.v1',
} as const

export const retryQueue = (seconds: (typeof RETRY_DELAYS_S)[number]) => `linko.retry.v1.${seconds}`

export const webhookKeys = {
  /** @param person the waId, or the business-scoped user id. */
  conversation: (phoneNumberId: string, person: string) =>
    `conversation.${conversationShard(phoneNumberId, person, SHARDS.conversation)}`,
  bulkStatus: (phoneNumberId: string, person: string) =>
    `bulk-status.${conversationShard(phoneNumberId, person, SHARDS.bulkStatus)}`,
  account: 'account',
}

/** The routing key of a send job: campaigns have a queue of their own, which replies never wait behind. */
export const sendKey = (priority: Priority) => (priority === 'campaign' ? 'bulk' : 'chat')

export const eventShard = (tenantId: string) => tenantShard(tenantId, SHARDS.realtime)
/** @param name of the events, or `mixed` */
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

const quorum = { 'x-queue-type': 'quorum' }
/** What is too much or too old is dropped: it never becomes a dead letter. */
const passing = {
  ...quorum,
  'x-message-ttl': 60 * 60 * 1000,
  'x-max-length': 20_000,
  'x-overflow': 'drop-head',
  'x-delivery-limit': 20,
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
      'x-delivery-limit': 20,
      ...(singleActiveConsumer && { 'x-single-active-consumer': true }),
    },
  }
}

/** The dead queue comes first: a dead letter without a target would stay invisible in its source for minutes. */
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
      { name: QUEUES.dead, arguments: { ...quorum, 'x-delivery-limit': 1_000_000 } },
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
      { name: QUEUES.receipts, arguments: passing },
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
