import type { Keyring } from '#shared/auth/encryption.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import { bindJobs, type JobRow, runJobs } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import type { Store } from '#shared/store/connect.ts'
import { type JobLease, runWhileLeader } from '#shared/store/run-while-leader.ts'
import { reportBlocks } from './background/blocks.ts'
import { checkErasures } from './background/check-erasures.ts'
import { countOpenDeadLetters } from './background/count-dead-letters.ts'
import { deleteDiscardedFiles } from './background/discarded-files.ts'
import { finishErasures } from './background/finish-erasures.ts'
import { deleteLeftFiles } from './background/left-files.ts'
import { deleteOrphanedFiles } from './background/orphaned-files.ts'
import { dropParkedItems } from './background/parked-items.ts'
import { requeueMediaJobs } from './background/requeue-media.ts'
import { endRestrictions } from './background/restrictions.ts'

export interface BackgroundDeps {
  store: Store
  queue: Pick<Queue, 'publish'>
  storage: Pick<ObjectStorage, 'delete' | 'list' | 'deleteUnfinished'>
  log: Logger
  now(): Date
}

/** Dependencies of the jobs that call Meta or fetch files from it. */
export interface MetaBackgroundDeps {
  store: Store
  queue: Pick<Queue, 'publish'>
  meta: MetaClient
  keyring: Keyring
  log: Logger
  now(): Date
}

export const INGEST_LEASE: JobLease = { name: 'ingest:background', ttlMs: 30_000 }
export const BLOCKS_LEASE: JobLease = { name: 'ingest:blocks', ttlMs: 10_000 }

const COUNT_MS = 15_000
const CLEAN_UP_MS = 60_000
const SWEEP_MS = 6 * 3_600_000
const MEDIA_MS = 15_000
const BLOCKS_MS = 2000
const LEFT_FILES_MS = 24 * 3_600_000

/** Jobs that every recorder runs. */
export const PROCESS_JOBS: readonly JobRow<BackgroundDeps>[] = [
  { name: 'count open dead letters', everyMs: COUNT_MS, run: countOpenDeadLetters },
]

/** Jobs that only the holder of `INGEST_LEASE` runs. Each finds its work in the rows alone, so it may stop at any point. */
export const LEADER_JOBS: readonly JobRow<BackgroundDeps>[] = [
  { name: 'drop parked items', everyMs: CLEAN_UP_MS, run: dropParkedItems },
  { name: 'end restrictions', everyMs: CLEAN_UP_MS, run: endRestrictions },
  { name: 'finish erasures', everyMs: CLEAN_UP_MS, run: finishErasures },
  { name: 'check erasures', everyMs: CLEAN_UP_MS, run: checkErasures },
  { name: 'delete discarded files', everyMs: CLEAN_UP_MS, run: deleteDiscardedFiles },
  { name: 'delete orphaned files', everyMs: SWEEP_MS, run: deleteOrphanedFiles },
  { name: 'delete left files', everyMs: LEFT_FILES_MS, run: deleteLeftFiles },
]

/** Jobs that every recorder with a token key runs. */
export const META_PROCESS_JOBS: readonly JobRow<MetaBackgroundDeps>[] = [
  { name: 'requeue lost media jobs', everyMs: MEDIA_MS, run: requeueMediaJobs },
]

/** Jobs that only the holder of `BLOCKS_LEASE` runs. */
export const BLOCKS_JOBS: readonly JobRow<MetaBackgroundDeps>[] = [
  { name: 'report blocks', everyMs: BLOCKS_MS, run: reportBlocks },
]

export async function startBackground(deps: BackgroundDeps): Promise<AsyncDisposable> {
  const { store, log } = deps
  await using stack = new AsyncDisposableStack()
  stack.use(runJobs({ jobs: bindJobs(PROCESS_JOBS, deps), log }))
  stack.use(await runWhileLeader(store, { lease: INGEST_LEASE, log, jobs: bindJobs(LEADER_JOBS, deps) }))
  return stack.move()
}

export async function startMetaBackground(deps: MetaBackgroundDeps): Promise<AsyncDisposable> {
  const { store, log } = deps
  await using stack = new AsyncDisposableStack()
  stack.use(runJobs({ jobs: bindJobs(META_PROCESS_JOBS, deps), log }))
  stack.use(await runWhileLeader(store, { lease: BLOCKS_LEASE, log, jobs: bindJobs(BLOCKS_JOBS, deps) }))
  return stack.move()
}
