import type { Logger } from '#shared/process/logger.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnprojected } from '#shared/store/recording/projection-marks.ts'
import type { Publishing } from '../publishing.ts'

const BATCH = 500
/** The recorder shows a message in its conversation within moments: the job of one that waits longer was lost. */
const UNPROJECTED_MS = 5000

interface Deps {
  store: Store
  queue: Queue
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/** Publishes projection jobs again that were lost; a doubled one changes nothing. @returns how many wait. @throws Outage */
export async function republishProjections(deps: Deps): Promise<number> {
  if (!deps.queue.isReady()) return 0
  const rows = await findUnprojected(deps.store, new Date(deps.clock.now().getTime() - UNPROJECTED_MS), BATCH)
  if (rows.length === 0) return 0
  if (await isRecorderBehind(deps.queue)) return rows.length
  deps.publishing.project(rows)
  deps.log.info({ count: rows.length }, 'projection jobs republished')
  return rows.length
}

/** Whether the queues are long: the job of a row that waits then probably still lies in one of them. */
async function isRecorderBehind(queue: Queue): Promise<boolean> {
  const queues = await Promise.all(QUEUES.conversation.map(name => queue.check(name)))
  return queues.some(({ messageCount }) => messageCount > BATCH)
}
