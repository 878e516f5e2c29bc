import { connect } from 'amqplib'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { connectQueue, type QueueOptions } from '#shared/queue/connect.ts'
import { declareTopology } from '#shared/queue/declare.ts'
import { EXCHANGES, QUEUES, topology } from '#shared/queue/topology.ts'
import type { Delivery, OutgoingMessage, Queue } from '#shared/queue/types.ts'
import { test as base, type World } from '#test/support/world.ts'

export const log = pino({ level: process.env.TEST_LOG ?? 'silent' })

/** A vhost may have served another test: what that one left is not ours. */
export async function emptyQueues(url: string): Promise<void> {
  const connection = await connect(url)
  await declareTopology(connection, topology())
  const channel = await connection.createChannel()
  for (const { name } of topology().queues) await channel.purgeQueue(name)
  await connection.close()
}

export const test = base.extend<{ world: World }>({
  world: async ({ world }, use) => {
    await emptyQueues(world.rabbitmqUrl)
    await use(world)
  },
})

/** Connected for one test. The queues of a test live long enough: nobody kills their broker within the first seconds. */
export async function open(url: string, options: Partial<QueueOptions> = {}): Promise<Queue> {
  const queue = await connectQueue(url, { log, name: 'test', youngQueueWaitMs: 0, ...options })
  onTestFinished(() => queue[Symbol.asyncDispose]())
  return queue
}

export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

export const webhook = (body: unknown, routingKey = 'conversation.0'): OutgoingMessage => ({
  exchange: EXCHANGES.webhook,
  routingKey,
  type: MESSAGE_TYPE.webhook,
  body,
  messageId: `m-${JSON.stringify(body)}`,
  tenantId: 'tenant',
  traceparent: TRACE,
})

export const queue0 = QUEUES.conversation[0] as string
export const batches = { prefetch: 512, maxBatch: 100, lingerMs: 5 }
export const bodyOf = (delivery: Delivery) => JSON.parse(delivery.content.toString())
export const range = (n: number) => Array.from({ length: n }, (_, i) => i)
