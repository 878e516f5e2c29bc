import { Redis } from 'ioredis'
import { test as base, inject } from 'vitest'
import { leaseDatabase } from './pools/databases.ts'
import { emptyVhost, leaseVhost } from './pools/vhosts.ts'

/** Addresses of one test's own corner: a database and a vhost that no other test uses. Redis is shared; keys carry random ids. */
export interface World {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
}

/**
 * A database without rows and a vhost with empty queues; disposing gives them back to their pools.
 * @param options `isFresh`: the database has no collections either, for tests of what makes them
 */
export async function createWorld({ isFresh = false } = {}): Promise<World & AsyncDisposable> {
  const { redisUrl, vhosts, databases, ...servers } = inject('servers')
  const [vhost, database] = await withRedis(redisUrl, redis =>
    Promise.all([leaseVhost(redis, vhosts), leaseDatabase(redis, servers.mongodbUri, databases, isFresh)]),
  )
  const rabbitmqUrl = servers.rabbitmqUrl.replace('VHOST', vhost.name)
  if (vhost.isUsed) await emptyVhost(rabbitmqUrl)
  return {
    mongodbUri: servers.mongodbUri.replace('DATABASE', database.name),
    rabbitmqUrl,
    redisUrl,
    [Symbol.asyncDispose]: () =>
      withRedis(redisUrl, async redis => void (await Promise.all([vhost, database].map(it => it.release(redis))))),
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
