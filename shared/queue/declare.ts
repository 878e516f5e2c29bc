import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { withChannel } from './link.ts'
import { type ServiceName, topologyBeside, topologyOf } from './rights.ts'
import { type Topology, topology } from './topology.ts'

type Connection = { createChannel(): Promise<Channel> }

const ACCESS_REFUSED = 403
/**
 * Time for which a queue must be missing before it is declared again. The broker cancels the consumers of a deleted queue with a
 * short delay. One that is declared again before that keeps them: they count as its consumers and never get a delivery.
 */
const MISSING_MS = 1000

/**
 * Declares what a service owns. What is missing of the rest is declared as well where the user of the connection may do so: on a
 * broker with one user any service may be the first. Without a service the whole topology is declared.
 * @returns whether a queue was missing and has been created
 */
export async function declareFor(connection: Connection, service: ServiceName | null, log: Logger): Promise<boolean> {
  if (service === null) return declareTopology(connection, topology(), MISSING_MS)
  const hasCompleted = await completeRest(connection, topologyBeside(service), log)
  return (await declareTopology(connection, topologyOf(service), MISSING_MS)) || hasCompleted
}

/** Comes before the own part, so that the dead queue exists before the first work queue. */
async function completeRest(connection: Connection, rest: Topology, log: Logger): Promise<boolean> {
  if (await isThere(connection, rest)) return false
  try {
    return await declareTopology(connection, rest, MISSING_MS)
  } catch (error) {
    if ((error as { code?: number }).code !== ACCESS_REFUSED) throw error
    // The service works as far as it can: whoever owns what is missing, or `migrate`, will declare it.
    log.error({ err: error }, 'queues or exchanges of other services are missing, run `migrate`')
    return false
  }
}

/** Looks without declaring, which needs no right. */
const isThere = (connection: Connection, { exchanges, queues }: Topology): Promise<boolean> =>
  withChannel(connection, channel =>
    Promise.all([
      ...exchanges.map(({ name }) => channel.checkExchange(name)),
      ...queues.map(({ name }) => channel.checkQueue(name)),
    ]).then(
      () => true,
      () => false,
    ),
  )

/**
 * Declares exchanges, queues and bindings; idempotent. The requests are pipelined in their order, the dead queue first.
 * @param missingMs wait before the first declaration when a queue is missing
 * @returns whether a queue was missing and has been created
 */
export async function declareTopology(connection: Connection, part: Topology, missingMs = 0): Promise<boolean> {
  const { exchanges, queues, bindings } = part
  const isComplete = await isThere(connection, { exchanges: [], queues, bindings: [] })
  if (!isComplete) await sleep(missingMs)
  await withChannel(connection, channel =>
    Promise.all([
      ...exchanges.map(({ name, type }) => channel.assertExchange(name, type, { durable: true })),
      ...queues.map(({ name, arguments: args }) => channel.assertQueue(name, { durable: true, arguments: args })),
      ...bindings.map(({ queue, exchange, key }) => channel.bindQueue(queue, exchange, key)),
    ]),
  )
  return !isComplete
}
