import { createKeyring } from '#shared/auth/encryption.ts'
import { warmUpPasswords } from '#shared/auth/passwords.ts'
import { createRateLimiter } from '#shared/http/rate-limit.ts'
import { createCallLimits } from '#shared/limits/call-limits.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { limitsPrefix } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { limitCalls } from '#shared/meta/limited-client.ts'
import { readEnvironment, VERSION } from '#shared/process/config.ts'
import { listen, serveMetrics } from '#shared/process/health.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { exportSpans } from '#shared/process/spans/export.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore } from '#shared/store/connect.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { refuseDemoUsers } from './accounts/demo-users.ts'
import { createApp } from './app.ts'
import { startBackground } from './background.ts'
import { metaAppOf, readGatewayConfig, settingsNumberOf, webhookAddressOf } from './config.ts'
import { DASHBOARD_DIR, serveDashboard } from './pages/serve-dashboard.ts'
import { createGatewayServer } from './server.ts'

const stopped = untilStopped()
const config = readGatewayConfig(readEnvironment())
const log = createLogger('gateway', config.LOG_LEVEL)
logCrash(log)

await using _spans = await exportSpans('gateway', config, log)
await using _metrics = await serveMetrics(config)
await using store = await connectStore(config.MONGODB_URI, { appName: 'linko-gateway', log })
await refuseDemoUsers(store, config.NODE_ENV)
await using redis = await connectRedis(config.REDIS_URL, { log, name: 'linko-gateway' })
await using queue = await connectQueue(config.RABBITMQ_URL, { log, name: 'gateway', service: 'gateway' })
const events = createEventPublisher({ queue, log })
await warmUpPasswords()

const limiter = createRateLimiter(redis, `linko:${store.connection.name}`)
await using storage = openStorage(config, store.connection)
const { META_GRAPH_URL: baseUrl, META_API_VERSION: version } = config
await using unlimited = createMetaClient({ baseUrl, version, connections: 8, timeoutMs: 10_000 })
const meta = limitCalls(unlimited, createCallLimits({ redis, prefix: limitsPrefix(store.connection.name) }))
const keyring = config.TOKEN_ENCRYPTION_KEY || config.TOKEN_ENCRYPTION_KEYS ? createKeyring(config) : null
const now = () => new Date()
const pages = serveDashboard(DASHBOARD_DIR, { socketUrl: config.SOCKET_URL, isEncrypted: config.BASE_URL.startsWith('https://') })
const app = createApp({ store, queue, events, redis, storage, limiter, config, meta, keyring, log, now }, pages)
// Without RabbitMQ a send is stored and enqueued later; without Redis this process keeps the limits: neither makes it unready.
const ready = () => ({
  required: { mongodb: store.isReady() },
  informational: { rabbitmq: queue.isReady(), redis: redis.status === 'ready' },
})
const server = createGatewayServer(app, ready, config)
await using listening = await listen(server, config.HOST, config.GATEWAY_PORT)
await using _report = startReporting(store, { service: 'gateway', version: VERSION, ready, log })
if (keyring === null) log.warn('background jobs not started: TOKEN_ENCRYPTION_KEY is not set')
await using _background =
  keyring && config.JOB_RUNNER_ENABLED
    ? await startBackground({
        ...{ store, redis, events, meta, app: metaAppOf(config), version, keyring, log, now },
        tokenEveryMs: config.TOKEN_CHECK_INTERVAL,
        healthEveryMs: config.NUMBER_CHECK_INTERVAL,
        templatesEveryMs: config.TEMPLATE_SYNC_INTERVAL,
        webhook: { url: webhookAddressOf(config), verifyToken: config.META_WEBHOOK_VERIFY_TOKEN ?? null },
        settingsNumber: settingsNumberOf(config),
      })
    : null
log.info({ port: listening.port }, 'gateway started')

await stopped
log.info('gateway stopping')
