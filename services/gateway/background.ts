import { bindJobs, type JobRow } from '#shared/process/jobs.ts'
import { type JobLease, type Leader, runWhileLeader } from '#shared/store/run-while-leader.ts'
import type { BackgroundDeps } from './numbers/background-deps.ts'
import { checkHealth } from './numbers/check-health.ts'
import { checkTokens } from './numbers/check-tokens.ts'
import { rewriteTokens } from './numbers/rewrite-tokens.ts'
import { orderDueSyncs } from './templates/order-syncs.ts'
import { runSyncs } from './templates/run-syncs.ts'

export const GATEWAY_LEASE: JobLease = { name: 'gateway:background', ttlMs: 15_000 }

const REWRITE_MS = 3_600_000
/** Interval of the checks. The rows say which numbers are due, so a resumed number is checked within this time. */
const CHECK_MS = 5000
const SYNC_MS = 1000
/** A requested sync begins within this time. */
const RUN_SYNC_IDLE_MS = 2000
/** A number whose templates are due waits this long at most. */
const ORDER_SYNC_IDLE_MS = 5000

/** Background jobs that run in the one gateway that holds `GATEWAY_LEASE`. */
export const LEADER_JOBS: readonly JobRow<BackgroundDeps>[] = [
  { name: 'rewrite access tokens', everyMs: REWRITE_MS, run: rewriteTokens },
  { name: 'check access tokens', everyMs: CHECK_MS, run: checkTokens },
  { name: 'check number health', everyMs: CHECK_MS, run: checkHealth },
  { name: 'order template syncs', everyMs: SYNC_MS, idleMs: ORDER_SYNC_IDLE_MS, run: orderDueSyncs },
  { name: 'run template syncs', everyMs: SYNC_MS, idleMs: RUN_SYNC_IDLE_MS, run: runSyncs },
]

export const startBackground = (deps: BackgroundDeps): Promise<Leader> =>
  runWhileLeader(deps.store, { lease: GATEWAY_LEASE, log: deps.log, jobs: bindJobs(LEADER_JOBS, deps) })
