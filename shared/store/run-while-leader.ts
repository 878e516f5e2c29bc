import { randomUUID } from 'node:crypto'
import { type BackgroundJob, runJobs } from '../process/jobs.ts'
import type { Logger } from '../process/logger.ts'
import type { Store } from './connect.ts'
import { holdLease } from './leases.ts'

/** Jobs that one process at a time runs share a lease. */
export interface JobLease {
  name: string
  /** When the holder dies, another process takes over after at most this and a third of it. */
  ttlMs: number
}

export interface LeaderOptions {
  lease: JobLease
  /** Name of this process, unique among those that compete for the lease. */
  owner?: string
  log: Logger
  jobs: readonly BackgroundJob[]
}

export interface Leader extends AsyncDisposable {
  /** Whether this process holds the lease and runs the jobs. */
  isLeader(): boolean
}

/**
 * Runs the jobs while this process holds the lease, and tries for the lease while another one does. Disposing first ends the jobs,
 * then frees the lease, so that two processes never run them at once.
 */
export async function runWhileLeader(store: Store, { lease, owner = randomUUID(), log, jobs }: LeaderOptions): Promise<Leader> {
  await using stack = new AsyncDisposableStack()
  const held = stack.use(await holdLease(store, { ...lease, owner, log }))
  stack.use(runJobs({ jobs, log, mayRun: held.isHeld }))
  const opened = stack.move()
  return { isLeader: held.isHeld, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
