import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib'
import mongoose, { mongo } from 'mongoose'
import { fnv1a } from '#shared/domain/shard.ts'
import type { ConversationDoc, EventDoc, MessageDoc, WebhookEventDoc } from '#shared/model/documents.ts'
import { realtimeEventOf } from '#shared/model/realtime-event.ts'

/** What the four processes of the mixed skeleton share: bare drivers of MongoDB and RabbitMQ, and the names of its queues. */
export const QUEUES = {
  lanes: [0, 1, 2, 3].map(i => `bench.mixed.lane.${i}`),
  send: 'bench.mixed.send',
  events: 'bench.mixed.events',
}
export const ALL_QUEUES = [...QUEUES.lanes, QUEUES.send, QUEUES.events]

/** What the lanes carry beside webhooks: a message of ours was accepted, or sent. */
export interface OwnItem {
  kind: 'accepted' | 'sent'
  messageId: string
  waId: string
}

export const DURABLE = { ordered: false, writeConcern: { w: 'majority', j: true } } as const
const PREFETCH = 512

export async function openDatabase() {
  const connection = mongoose.createConnection()
  await connection.openUri(process.env.MONGODB_URI ?? '', { maxPoolSize: 20, writeConcern: DURABLE.writeConcern })
  const db = connection.db as mongo.Db
  const conversations = db.collection<ConversationDoc>('conversations')
  return {
    /** The world has one. */
    tenantId: (await conversations.findOne())?.tenantId,
    messages: db.collection<MessageDoc>('messages'),
    conversations,
    events: db.collection<EventDoc>('events'),
    webhookEvents: db.collection<WebhookEventDoc>('webhookEvents'),
  }
}

export interface Broker {
  /** Resolves with the broker's confirm. */
  publish(queue: string, body: Buffer): Promise<void>
  /** Messages in batches, one batch at a time, acked after it. */
  consume(queues: string[], take: (bodies: Buffer[]) => Promise<void>, batch?: GroupOptions): Promise<void>
}

export async function openBroker(): Promise<Broker> {
  const connection = () => connect(process.env.RABBITMQ_URL ?? '', { noDelay: true })
  const channel: ConfirmChannel = await (await connection()).createConfirmChannel()
  return {
    publish: (queue, body) =>
      new Promise((resolve, reject) => {
        channel.publish('', queue, body, { persistent: true }, error => (error ? reject(error) : resolve()))
      }),
    async consume(queues, take, options) {
      const own = await (await connection()).createChannel()
      await own.prefetch(PREFETCH)
      const add = grouped<ConsumeMessage>(async batch => {
        await take(batch.map(({ content }) => content))
        own.ack(batch.at(-1) as ConsumeMessage, true)
      }, options)
      for (const queue of queues) await own.consume(queue, message => message && add(message))
    },
  }
}

/** The person's lane: one writer of a conversation. */
export const laneOf = (waId: string) => QUEUES.lanes[fnv1a(waId) % QUEUES.lanes.length] as string

export const publishEvents = (broker: Broker, rows: EventDoc[]) =>
  rows.length === 0
    ? Promise.resolve()
    : broker.publish(QUEUES.events, Buffer.from(JSON.stringify({ events: rows.map(realtimeEventOf) })))

export const publishItem = (broker: Broker, item: OwnItem) => broker.publish(laneOf(item.waId), Buffer.from(JSON.stringify(item)))

/** A row travels whole, so that nobody reads it again. */
export const packed = (message: MessageDoc): Buffer => Buffer.from(mongo.BSON.serialize(message))
export const unpacked = (bytes: Buffer) => mongo.BSON.deserialize(bytes) as MessageDoc

export const isSigned = (body: Buffer, header: unknown) =>
  header ===
  `sha256=${createHmac('sha256', process.env.META_APP_SECRET ?? '')
    .update(body)
    .digest('hex')}`

export interface GroupOptions {
  /** Items of a run. */
  most?: number
  everyMs?: number
}

/**
 * Group commit: what comes during a run goes with the next one. Runs start at least `everyMs` apart, except the first after a
 * rest, so that a lone item waits for nothing. An error ends the process: a skeleton repairs nothing.
 */
export function grouped<T>(
  run: (items: T[]) => Promise<void>,
  { most = 1000, everyMs = 0 }: GroupOptions = {},
): (item: T) => void {
  const waiting: T[] = []
  let isRunning = false
  async function runAll(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      const startedAt = performance.now()
      await run(waiting.splice(0, most))
      const restMs = everyMs - (performance.now() - startedAt)
      if (restMs > 1 && waiting.length < most) await sleep(restMs)
    }
    isRunning = false
  }
  return item => {
    waiting.push(item)
    if (!isRunning) runAll().catch(end)
  }
}

/** Ends the process, and with it the turn. */
export function end(error: unknown): never {
  console.error(error)
  process.exit(1)
}

/** Says the port, and that the process is ready. */
export function ready(port = 0): void {
  process.send?.({ port })
  process.on('SIGTERM', () => process.exit(0))
}
