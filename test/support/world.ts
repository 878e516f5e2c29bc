import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { test as base, inject } from 'vitest'

/** Addresses of one test's own corner: a database and a vhost that no other test uses. Redis is shared; keys carry random ids. */
export interface World {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
}

/** Takes the next free vhost of the pool, round robin over all test processes, and names a fresh database. */
export async function createWorld(): Promise<World> {
  const servers = inject('servers')
  const redis = new Redis(servers.redisUrl)
  const turn = await redis.incr(`linko:test:vhost:${servers.vhosts[0]}`)
  redis.disconnect()
  const vhost = servers.vhosts[turn % servers.vhosts.length] as string
  const database = `linko_test_${randomBytes(6).toString('hex')}`
  return {
    mongodbUri: servers.mongodbUri.replace('DATABASE', database),
    rabbitmqUrl: servers.rabbitmqUrl.replace('VHOST', vhost),
    redisUrl: servers.redisUrl,
  }
}

/** `test` with a `world` fixture. */
export const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter to see which fixtures are used
  world: async ({}, use) => use(await createWorld()),
})
