import { type Channel, connect } from 'amqplib'
import type { Redis } from 'ioredis'
import { topology } from '#shared/queue/topology.ts'
import { type Lease, leaseInTurn } from './in-turn.ts'

/** A vhost that no running test of any process has, in turn. When all are taken one is shared. */
export async function leaseVhost(redis: Redis, vhosts: string[]): Promise<Lease> {
  const lease = await leaseInTurn(redis, `linko:test:${vhosts[0]}`, vhosts)
  return lease ?? { name: vhosts[0] as string, isUsed: false, release: async () => undefined }
}

/** Empties what another test left. */
export const emptyVhost = (url: string) =>
  eachQueue(url, async (channel, name) => {
    await channel.purgeQueue(name)
  })

/** A broker that came by its address may serve someone: tests would take, and empty, what is theirs. @throws when it does */
export const refuseUsedVhost = (url: string) =>
  eachQueue(url, async (channel, name) => {
    const { messageCount, consumerCount } = await channel.checkQueue(name)
    if (messageCount + consumerCount > 0)
      throw new Error(`RABBITMQ_URL: ${name} is in use there. Tests need a vhost of their own, or no RABBITMQ_URL at all`)
  })

/** Queues that were never declared need nothing. */
async function eachQueue(url: string, work: (channel: Channel, name: string) => Promise<void>): Promise<void> {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  try {
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    for (const { name } of topology().queues) await work(channel, name)
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error
  } finally {
    await connection.close().catch(() => undefined)
  }
}

const NOT_FOUND = 404
