import { readEnvironment } from '#shared/process/config.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectStore } from '#shared/store/connect.ts'
import { MIGRATION_MS, migrate } from '#shared/store/migrate.ts'

/**
 * Creates collections and indexes, and with RABBITMQ_URL all exchanges and queues, before the services start. Idempotent: a few
 * reads when nothing has changed.
 */
const log = createLogger('migrate')
logCrash(log)
const { MONGODB_URI, RABBITMQ_URL } = readEnvironment()
if (!MONGODB_URI) throw new Error('MONGODB_URI is missing.')
await using store = await connectStore(MONGODB_URI, { appName: 'linko-migrate', log, answerTimeoutMs: MIGRATION_MS })
await migrate(store)
log.info('database migrated')
if (RABBITMQ_URL) {
  await using _queue = await connectQueue(RABBITMQ_URL, { log, name: 'migrate' })
  log.info('queues declared')
}
