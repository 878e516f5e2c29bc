import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { test as base, inject } from 'vitest'
import { emptyVhost, leaseVhost } from './vhosts.ts'

/** Addresses of one test's own corner: a database and a vhost that no other test uses. Redis is shared; keys carry random ids. */
export interface World {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
}

/** A fresh database and a vhost with empty queues; disposing gives the vhost back to the pool. */
export async function createWorld(): Promise<World & AsyncDisposable> {
  const servers = inject('servers')
  const lease = await withRedis(servers.redisUrl, redis => leaseVhost(redis, servers.vhosts))
  const rabbitmqUrl = servers.rabbitmqUrl.replace('VHOST', lease.vhost)
  if (lease.isUsed) await emptyVhost(rabbitmqUrl)
  const database = `linko_test_${randomBytes(6).toString('hex')}`
  return {
    mongodbUri: servers.mongodbUri.replace('DATABASE', database),
    rabbitmqUrl,
    redisUrl: servers.redisUrl,
    [Symbol.asyncDispose]: () => withRedis(servers.redisUrl, lease.release),
  }
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/** `test` with a `world` fixture. */
export const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter to see which fixtures are used
  world: async ({}, use) => {
    await using world = await createWorld()
    await use(world)
  },
})
