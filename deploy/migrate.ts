import { readEnvironment } from '#shared/process/config.ts'
import { createLogger } from '#shared/process/logger.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'

/** Collections and indexes, before the services start: idempotent, and a handful of reads when nothing changed. */
const log = createLogger('migrate')
await using store = await connectStore(readEnvironment().MONGODB_URI ?? '', { appName: 'linko-migrate', log })
await migrate(store)
log.info('migrated')
