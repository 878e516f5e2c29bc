import { createServer } from 'node:http'
import { warmUpPasswords } from '#shared/auth/passwords.ts'
import { createRateLimiter } from '#shared/http/rate-limit.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { readEnvironment } from '#shared/process/config.ts'
import { answerHealth, listen } from '#shared/process/health.ts'
import { createLogger } from '#shared/process/logger.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore } from '#shared/store/connect.ts'
import { createApp } from './app.ts'
import { readGatewayConfig } from './config.ts'

const stopped = untilStopped()
const config = readGatewayConfig(readEnvironment())
const log = createLogger('gateway', config.LOG_LEVEL)

await using stack = new AsyncDisposableStack()
const store = stack.use(await connectStore(config.MONGODB_URI, { appName: 'linko-gateway', log }))
const redis = stack.adopt(await connectRedis(config.REDIS_URL, { log, name: 'linko-gateway' }), async connection =>
  connection.disconnect(),
)
const queue = stack.use(await connectQueue(config.RABBITMQ_URL, { log, name: 'gateway' }))
await warmUpPasswords()

const limiter = createRateLimiter(redis, `linko:${store.connection.name}`)
const storage = stack.use(openStorage(config, store.connection))
const app = createApp({ store, queue, redis, storage, limiter, config, log, now: () => new Date() })
// Without the broker a send is stored and rung later; without Redis the limits are kept here: neither is a reason not to serve.
const ready = () => ({
  parts: { mongodb: store.isReady() },
  told: { rabbitmq: queue.isReady(), redis: redis.status === 'ready' },
})
const server = createServer((request, response) => {
  answerHealth(request, response, ready)
    .then(taken => taken || app(request, response))
    .catch(() => response.destroy())
})
// Files of 100 MB come over slow lines too; the headers of a request have to be quick.
server.requestTimeout = 300_000
server.headersTimeout = 30_000
const listening = stack.use(await listen(server, config.HOST, config.GATEWAY_PORT))
log.info({ port: listening.port }, 'gateway started')

await stopped
log.info('gateway stopping')
