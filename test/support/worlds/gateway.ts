import { createServer } from 'node:http'
import { seedDemo } from '#deploy/demo/seed.ts'
import { DEMO_USERS } from '#deploy/demo/world.ts'
import { createApp } from '#services/gateway/app.ts'
import { readGatewayConfig } from '#services/gateway/config.ts'
import { createRateLimiter } from '#shared/http/rate-limit.ts'
import { createCallLimits } from '#shared/limits/call-limits.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { limitCalls } from '#shared/meta/limited-client.ts'
import { listen } from '#shared/process/health.ts'
import type { Logger } from '#shared/process/logger.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { gridfsStorage } from '#shared/storage/gridfs.ts'
import { connectStore, type StoreOptions } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import type { World } from '../world.ts'
import { keyring, log as silent } from './ingest.ts'
import { createProjector } from './projector.ts'
import { JWT_SECRET, tokenOf, userByEmail } from './realtime.ts'

export const PEOPLE = {
  platform: 'admin@whatsapp-saas.com',
  admin: 'demo@whatsapp-saas.com',
  manager: 'manager@whatsapp-saas.com',
  agent: 'agent@whatsapp-saas.com',
  other: 'other@whatsapp-saas.com',
} as const
export type Person = keyof typeof PEOPLE
export const passwordOf = (person: Person) => DEMO_USERS.find(({ email }) => email === PEOPLE[person])?.password as string

export interface Call {
  as?: Person
  token?: string
  body?: unknown
  headers?: Record<string, string>
}
export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
  body: any
}

const isSentAsItIs = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array

/**
 * The gateway with the demo world, without its process. `clock.now` may be set; null is the real time.
 * @param onCommand hears of each command to MongoDB
 * @param log of its own, for tests that read it
 */
export async function openGateway(
  world: World,
  env: Record<string, string> = {},
  onCommand?: StoreOptions['onCommand'],
  log: Logger = silent,
) {
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await connectStore(world.mongodbUri, { log, ...(onCommand && { onCommand }) }))
  await migrate(store)
  await seedDemo(store, keyring)
  const queue = stack.use(await connectQueue(world.rabbitmqUrl, { log, name: 'test', youngQueueWaitMs: 0 }))
  const redis = stack.use(await connectRedis(world.redisUrl, { log, commandTimeoutMs: 2000 }))
  const config = readGatewayConfig({
    NODE_ENV: 'test',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    REDIS_URL: world.redisUrl,
    JWT_SECRET,
    BASE_URL: 'http://linko.test',
    CORS_ORIGIN: 'http://dashboard.test',
    META_GRAPH_URL: 'http://127.0.0.1:9',
    RATE_LIMIT_API: '100000/min',
    RATE_LIMIT_AUTH: '100000/min',
    RATE_LIMIT_MESSAGES: '100000/min',
    ...env,
  })
  const clock: { now: Date | null } = { now: null }
  const limiter = createRateLimiter(redis, `linko:${store.connection.name}`)
  const storage = gridfsStorage(store.connection)
  const { META_GRAPH_URL: baseUrl, META_API_VERSION: version } = config
  const callLimits = createCallLimits({ redis, prefix: `{test:${store.connection.name}}` })
  const meta = limitCalls(stack.use(createMetaClient({ baseUrl, version, connections: 4, timeoutMs: 5000 })), callLimits)
  const events = createEventPublisher({ queue, log })
  const deps = { store, queue, events, redis, storage, limiter, config, meta, keyring, log, now: () => clock.now ?? new Date() }
  const server = stack.use(await listen(createServer(createApp(deps)), '127.0.0.1', 0))
  const url = `http://127.0.0.1:${server.port}`

  const project = createProjector(store, rows => events.publish(rows, null))

  async function tokenFor(person: Person): Promise<string> {
    return tokenOf(await userByEmail(store, PEOPLE[person]), 3_600_000)
  }

  async function call(method: string, path: string, { as, token, body, headers = {} }: Call = {}): Promise<Answer> {
    const bearer = token ?? (as && (await tokenFor(as)))
    const answer = await fetch(url + path, {
      method,
      // An answer that sends the browser away leads out of the test.
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      body: body === undefined ? undefined : isSentAsItIs(body) ? body : JSON.stringify(body),
    })
    const text = await answer.text()
    // No recorder runs here: what was accepted shows in its conversation when the answer is there.
    if (answer.status === 202) await project()
    const isJson = answer.headers.get('content-type')?.includes('json')
    return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text }
  }

  const opened = stack.move()
  return {
    store,
    queue,
    redis,
    callLimits,
    url,
    clock,
    deps,
    call,
    project,
    tokenFor,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>
