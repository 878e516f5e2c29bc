import type { Channel } from 'amqplib'
import { withChannel } from './link.ts'
import type { Topology } from './topology.ts'

type Connection = { createChannel(): Promise<Channel> }

/**
 * Declares all exchanges, queues and bindings; idempotent. The requests are pipelined in their order, the dead queue first.
 * @returns whether a queue was missing and has been created
 */
export async function declareTopology(connection: Connection, { exchanges, queues, bindings }: Topology): Promise<boolean> {
  const isComplete = await withChannel(connection, channel =>
    Promise.all(queues.map(queue => channel.checkQueue(queue.name))).then(
      () => true,
      () => false,
    ),
  )
  await withChannel(connection, channel =>
    Promise.all([
      ...exchanges.map(({ name, type }) => channel.assertExchange(name, type, { durable: true })),
      ...queues.map(({ name, arguments: args }) => channel.assertQueue(name, { durable: true, arguments: args })),
      ...bindings.map(({ queue, exchange, key }) => channel.bindQueue(queue, exchange, key)),
    ]),
  )
  return !isComplete
}
