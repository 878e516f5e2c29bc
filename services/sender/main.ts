import { createKeyring } from '#shared/auth/encryption.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createSendLimits, limitsPrefix } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { timeCalls } from '#shared/meta/timed-client.ts'
import { readEnvironment, VERSION } from '#shared/process/config.ts'
import { serveHealth, serveMetrics } from '#shared/process/health.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { exportSpans } from '#shared/process/spans/export.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { openEventExchange } from '#shared/queue/event-exchange.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore } from '#shared/store/connect.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { readSenderConfig } from './config.ts'
import { type Sender, startSender } from './sender.ts'

const stopped = untilStopped()
const config = readSenderConfig(readEnvironment())
const log = createLogger('sender', config.LOG_LEVEL)
logCrash(log)
const keyring = createKeyring(config)

await using _spans = await exportSpans('sender', config, log)
await using _metrics = await serveMetrics(config)
await using store = await connectStore(config.MONGODB_URI, { appName: 'linko-sender', log })
await using redis = await connectRedis(config.REDIS_URL, { log, name: 'linko-sender' })
await using queue = await connectQueue(config.RABBITMQ_URL, { log, name: 'linko-sender', service: 'sender' })
let sender: Sender | null = null
// The sender works without Redis, so Redis is reported but does not make the process unready.
const ready = () => ({
  required: { mongodb: store.isReady(), rabbitmq: queue.isReady(), consumers: sender?.isReady() ?? false },
  informational: { redis: redis.status === 'ready' },
})
await using health = await serveHealth({ host: config.HOST, port: config.SENDER_PORT, ready, metrics: config })
const { META_GRAPH_URL: baseUrl, META_API_VERSION: version, SENDER_CONCURRENCY: concurrency } = config
await using meta = timeCalls(createMetaClient({ baseUrl, version, connections: concurrency }))
const exchange =
  config.EVENT_EXCHANGE === undefined
    ? null
    : await openEventExchange(config.EVENT_EXCHANGE_URL ?? config.RABBITMQ_URL, {
        exchange: config.EVENT_EXCHANGE,
        name: 'linko-sender',
        log,
      })
await using _exchange = exchange
await using storage = openStorage(config, store.connection)
sender = await startSender(
  {
    ...{ store, queue, meta, keyring, exchange, storage, log },
    limits: liveSenders => createSendLimits({ redis, liveSenders, prefix: limitsPrefix(store.connection.name) }),
  },
  {
    concurrency,
    unknownDeadlineMs: config.SEND_UNKNOWN_DEADLINE,
    outboxEveryMs: config.JOB_RUNNER_INTERVAL_MS,
    isEnabled: config.JOB_RUNNER_ENABLED,
    deliveries: { origins: config.EVENT_PRIVATE_ORIGINS, timeoutMs: config.EVENT_DELIVERY_TIMEOUT },
  },
)
await using _sender = sender
await using _report = startReporting(store, { service: 'sender', version: VERSION, ready, pace: meta.pace, log })
log.info({ port: health.port }, 'sender started')

await stopped
log.info('sender stopping')
