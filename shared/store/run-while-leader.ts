import { randomUUID } from 'node:crypto'
import { type BackgroundJob, runJobs } from '../process/jobs.ts'
import type { Logger } from '../process/logger.ts'
import type { Store } from './connect.ts'
import { holdLease } from './leases.ts'

/** The lease of jobs that only one process at a time may run. */
export interface JobLease {
  name: string
  /** Validity of the lease. After the holder dies another process takes over within at most 4/3 of it. */
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
 * Runs the jobs while this process holds the lease, and keeps trying to take it while another process does. Disposing ends the
 * jobs first and then frees the lease, so that two processes never run them at the same time.
 */
export async function runWhileLeader(store: Store, { lease, owner = randomUUID(), log, jobs }: LeaderOptions): Promise<Leader> {
  await using stack = new AsyncDisposableStack()
  const held = stack.use(await holdLease(store, { ...lease, owner, log }))
  stack.use(runJobs({ jobs, log, mayRun: held.isHeld }))
  const opened = stack.move()
  return { isLeader: held.isHeld, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
