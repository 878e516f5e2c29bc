import { randomBytes } from 'node:crypto'
import { type ConfirmChannel, connect } from 'amqplib'
import { Redis } from 'ioredis'
import pino from 'pino'
import { createKeyring } from '#shared/auth/encryption.ts'
import { topology } from '#shared/queue/topology.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { emptyVhost, leaseVhost } from '#test/support/pools/vhosts.ts'
import { startTestServers, type TestServers } from '#test/support/test-servers.ts'

export const log = pino({ level: 'warn' })
export const TOKEN_KEY = '11'.repeat(32)
export const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: TOKEN_KEY })
export const JWT_SECRET = 'the-benchmarks-own-secret-of-32-bytes!'

/** Where a benchmark works: private servers, a vhost and databases of its own, all removed at the end. */
export interface Bed {
  rabbitmqUrl: string
  redisUrl: string
  mongodbUri: string
  /** What every service is given. */
  env: NodeJS.ProcessEnv
  /** The same for processes that work on the database of that store. */
  envOf(store: Store): NodeJS.ProcessEnv
  /** A store on a new database, or on that of `mongodbUri`. */
  openStore(database?: 'product' | 'new'): Promise<Store>
  /** A plain confirm channel, for queues of the skeleton's own and for purging. */
  channel: ConfirmChannel
  /** Empties every queue of the product's. */
  purge(): Promise<void>
}

/** `LINKO_TEST_SERVERS` joins servers that already run, as in the tests. */
export async function openBed(): Promise<Bed & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const given = process.env.LINKO_TEST_SERVERS
  const servers: TestServers = given ? (JSON.parse(given) as TestServers) : stack.use(await startTestServers()).servers
  const redis = new Redis(servers.redisUrl)
  stack.defer(() => redis.disconnect())
  const lease = await leaseVhost(redis, servers.vhosts)
  stack.defer(() => lease.release(redis))
  const rabbitmqUrl = servers.rabbitmqUrl.replace('VHOST', lease.name)
  if (lease.isUsed) await emptyVhost(rabbitmqUrl)
  const databases: string[] = []
  const newUri = () => {
    const name = `linko_bench_${randomBytes(4).toString('hex')}`
    databases.push(name)
    return servers.mongodbUri.replace('DATABASE', name)
  }
  const mongodbUri = newUri()
  const connection = await connect(rabbitmqUrl, { noDelay: true })
  stack.defer(() => connection.close())
  const channel = await connection.createConfirmChannel()
  const env = serviceEnv({ rabbitmqUrl, redisUrl: servers.redisUrl, mongodbUri })
  const opened = stack.move()
  return {
    rabbitmqUrl,
    redisUrl: servers.redisUrl,
    mongodbUri,
    env,
    envOf: store => ({ ...env, MONGODB_URI: servers.mongodbUri.replace('DATABASE', store.connection.name) }),
    async openStore(database = 'product') {
      const store = await connectStore(database === 'product' ? mongodbUri : newUri(), { log })
      opened.defer(async () => {
        await store.connection.dropDatabase()
        await store[Symbol.asyncDispose]()
      })
      return store
    },
    channel,
    async purge() {
      for (const { name } of topology().queues) await channel.purgeQueue(name)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Not development, so that no `.linko/demo.env` comes in; not production, which refuses secrets that everybody can read here. */
export function serviceEnv(urls: Pick<Bed, 'rabbitmqUrl' | 'redisUrl' | 'mongodbUri'>): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    RABBITMQ_URL: urls.rabbitmqUrl,
    MONGODB_URI: urls.mongodbUri,
    REDIS_URL: urls.redisUrl,
    META_APP_SECRET: APP_SECRET,
    META_WEBHOOK_VERIFY_TOKEN: 'verify-token-of-the-bench',
    TOKEN_ENCRYPTION_KEY: TOKEN_KEY,
    JWT_SECRET,
    INGEST_PORT: '0',
    INGEST_SPOOL: 'off',
    SENDER_PORT: '0',
    REALTIME_PORT: '0',
  }
}

export const APP_SECRET = 'the-benchmarks-app-secret'
