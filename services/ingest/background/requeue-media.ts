import type { Logger } from '#shared/process/logger.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnfetchedMedia } from '#shared/store/inbox/media.ts'
import { publishMediaJobs } from '../media/jobs.ts'

export interface RequeueMediaDeps {
  store: Store
  queue: Pick<Queue, 'publish'>
  log: Logger
  now(): Date
}

/** Longer than all attempts take with their waits and slow downloads: the job of a file that is pending longer was lost. */
const LOST_MS = 60 * 60_000
const BATCH = 200

/** Publishes the jobs of files again that have been pending for too long. A job may run twice without harm. @throws Outage */
export async function requeueMediaJobs({ store, queue, log, now }: RequeueMediaDeps): Promise<void> {
  const rows = await findUnfetchedMedia(store, new Date(now().getTime() - LOST_MS), BATCH)
  publishMediaJobs({ queue, log }, rows)
  if (rows.length > 0) log.info({ count: rows.length }, 'lost media jobs requeued')
}
