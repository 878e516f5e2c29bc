import { createServer } from 'node:http'
import { createKeyring } from '#shared/auth/encryption.ts'
import { createCallLimits } from '#shared/limits/call-limits.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { limitsPrefix } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { limitCalls } from '#shared/meta/limited-client.ts'
import { readEnvironment, VERSION } from '#shared/process/config.ts'
import { answerHealth, answerNotFound, listen, type Readiness, serveMetrics } from '#shared/process/health.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { exportSpans } from '#shared/process/spans/export.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { startBackground, startMetaBackground } from './background.ts'
import { readIngestConfig } from './config.ts'
import { startMediaWorker } from './media/worker.ts'
import { createBodyReader } from './receiver/bodies.ts'
import { SERVER_OPTIONS, watchConnections } from './receiver/connections.ts'
import { watchDoor } from './receiver/door-metrics.ts'
import { spoolWork } from './receiver/make-durable.ts'
import { createReceiver } from './receiver/receiver.ts'
import { openSpool } from './receiver/spool.ts'
import { watchSpool } from './receiver/spool-metrics.ts'
import { startDeadLetterConsumer } from './recorder/dead-letters.ts'
import { startRecorder } from './recorder/recorder.ts'

const stopped = untilStopped()
const config = readIngestConfig(readEnvironment())
const log = createLogger('ingest', config.LOG_LEVEL)
logCrash(log)
const receives = config.INGEST_ROLE !== 'recorder'
const now = () => new Date()
const records = config.INGEST_ROLE !== 'receiver' && config.JOB_RUNNER_ENABLED

await using _spans = await exportSpans('ingest', config, log)
await using _metrics = await serveMetrics(config)
await using queue = await connectQueue(config.RABBITMQ_URL, {
  ...{ log, name: 'ingest' },
  service: config.INGEST_ROLE === 'receiver' ? 'receiver' : 'ingest',
})
await using store = records ? await connectStore(config.MONGODB_URI ?? '', { appName: 'linko-ingest', log }) : null
await using _deadLetters = store && (await startDeadLetterConsumer({ store, queue, log }))
await using storage = store && openStorage(config, store.connection)
await using _metaWork = store && storage && (await startMetaWork(store, storage))
await using recorder = store && (await startRecorder({ store, queue, log }))
await using _background = store && storage && (await startBackground({ store, queue, storage, log, now }))

await using spool =
  receives && config.INGEST_SPOOL
    ? await openSpool({
        dir: config.INGEST_SPOOL_DIR,
        maxBytes: config.INGEST_SPOOL_MAX_MB * 1024 * 1024,
        log,
        ...spoolWork(queue),
      })
    : null
if (spool) watchSpool(spool)

const bodies = createBodyReader()
const receiver = receives
  ? createReceiver({
      queue,
      spool,
      secrets: config.META_APP_SECRET ?? [],
      verifyToken: config.META_WEBHOOK_VERIFY_TOKEN ?? '',
      log,
      trustProxy: config.TRUST_PROXY,
      bodies,
      onProven: socket => connections.prove(socket),
    })
  : null

/** With both roles in one process, a recorder that is not ready must not take the webhook out of the load balancer. */
const ready: Readiness = () => {
  const recording: Record<string, boolean> = records
    ? { recorder: recorder?.isReady() === true && store?.isReady() === true }
    : {}
  return receives
    ? { required: { receiver: queue.isReady() || spool !== null }, informational: recording }
    : { required: recording, informational: {} }
}

const server = createServer(SERVER_OPTIONS, (request, response) => {
  if (receiver && request.method === 'POST') return receiver(request, response)
  answerHealth(request, response, ready, config)
    .then(taken => {
      if (taken) return
      if (receiver) receiver(request, response)
      else answerNotFound(response)
    })
    .catch(error => {
      log.error({ err: error }, 'request failed')
      response.destroy()
    })
})
const connections = watchConnections(server, config.TRUST_PROXY)
watchDoor(connections, bodies)
await using listening = await listen(server, config.HOST, config.INGEST_PORT)
await using _report = store && startReporting(store, { service: 'ingest', version: VERSION, ready, log })
log.info({ port: listening.port, role: config.INGEST_ROLE }, 'ingest started')
await stopped
log.info('ingest stopping')

/** Starts the parts that call Meta. Without a key no token can be read, so no file is fetched and no block reported. */
async function startMetaWork(store: Store, storage: ObjectStorage): Promise<AsyncDisposable | null> {
  if (!config.TOKEN_ENCRYPTION_KEY && !config.TOKEN_ENCRYPTION_KEYS) {
    log.warn({ missing: 'TOKEN_ENCRYPTION_KEY' }, 'media downloads and block reports disabled')
    return null
  }
  await using stack = new AsyncDisposableStack()
  const { REDIS_URL, META_GRAPH_URL: baseUrl, META_API_VERSION: version } = config
  // Redis is optional: it only counts the calls of other processes.
  const redis = REDIS_URL ? stack.use(await connectRedis(REDIS_URL, { log, name: 'linko-ingest' })) : null
  const limits = createCallLimits({ redis, prefix: limitsPrefix(store.connection.name) })
  const meta = limitCalls(stack.use(createMetaClient({ baseUrl, version, connections: 8 })), limits)
  const keyring = createKeyring(config)
  stack.use(
    await startMediaWorker({ store, queue, storage, meta, keyring, hosts: config.META_MEDIA_HOSTS, graphUrl: baseUrl, log }),
  )
  stack.use(await startMetaBackground({ store, queue, meta, keyring, log, now }))
  return stack.move()
}
