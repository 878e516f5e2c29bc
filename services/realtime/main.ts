import { createServer } from 'node:http'
import { readEnvironment, VERSION } from '#shared/process/config.ts'
import { answerHealth, answerNotFound, listen, serveMetrics } from '#shared/process/health.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { exportSpans } from '#shared/process/spans/export.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectStore } from '#shared/store/connect.ts'
import { startReporting } from '#shared/store/service-reports.ts'
import { readRealtimeConfig } from './config.ts'
import { startFanout } from './fanout.ts'
import { connectRedisPair } from './redis.ts'
import { openSockets } from './sockets.ts'

const stopped = untilStopped()
const config = readRealtimeConfig(readEnvironment())
const log = createLogger('realtime', config.LOG_LEVEL)
logCrash(log)

await using _spans = await exportSpans('realtime', config, log)
await using _metrics = await serveMetrics(config)
await using store = await connectStore(config.MONGODB_URI, { appName: 'linko-realtime', log })
await using redis = await connectRedisPair(config.REDIS_URL, log)
await using queue = await connectQueue(config.RABBITMQ_URL, { log, name: 'realtime', service: 'realtime' })

let fanout: Awaited<ReturnType<typeof startFanout>> | null = null
// Without Redis this node still serves its sockets, so Redis is reported but does not make the process unready.
const ready = () => ({
  required: { mongodb: store.isReady(), rabbitmq: queue.isReady(), consumers: fanout?.isReady() ?? false },
  informational: { redis: redis.isReady() },
})
const server = createServer((request, response) => {
  answerHealth(request, response, ready, config)
    .then(taken => taken || answerNotFound(response))
    .catch(() => response.destroy())
})
// A handshake is short; what becomes a socket is no request any more. Long polling answers within half a minute.
server.headersTimeout = 15_000
server.requestTimeout = 60_000
server.maxConnections = config.SOCKETS_PER_NODE
await using listening = await listen(server, config.HOST, config.REALTIME_PORT)
await using sockets = openSockets({ server, store, redis, config, log })
fanout = await startFanout({ store, queue, sockets, log })
await using _fanout = fanout
await using _report = startReporting(store, { service: 'realtime', version: VERSION, ready, log })
log.info({ port: listening.port }, 'realtime started')

await stopped
log.info('realtime stopping')
