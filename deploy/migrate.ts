import { readEnvironment } from '#shared/process/config.ts'
import { createLogger, logCrash } from '#shared/process/logger.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectMigrated } from '#shared/store/migrate.ts'

/**
 * Creates collections and indexes, and with RABBITMQ_URL all exchanges and queues, before the services start. Idempotent: a few
 * reads when nothing has changed.
 */
const log = createLogger('migrate')
logCrash(log)
const { MONGODB_URI, RABBITMQ_URL } = readEnvironment()
if (!MONGODB_URI) throw new Error('MONGODB_URI is missing.')
await using _store = await connectMigrated(MONGODB_URI, { appName: 'linko-migrate', log })
log.info('database migrated')
if (RABBITMQ_URL) {
  await using _queue = await connectQueue(RABBITMQ_URL, { log, name: 'migrate' })
  log.info('queues declared')
}
