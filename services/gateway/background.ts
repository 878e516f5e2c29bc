import type { Redis } from 'ioredis'
import { bindJobs, type JobRow } from '#shared/process/jobs.ts'
import { type JobLease, type Leader, runWhileLeader } from '#shared/store/run-while-leader.ts'
import { countForReports } from './analytics/count.ts'
import { assignWaiting } from './inbox/assign-waiting.ts'
import { finishLabels } from './inbox/finish-labels.ts'
import { releaseLeft } from './inbox/release-left.ts'
import { wakeSnoozed } from './inbox/wake-snoozed.ts'
import type { ConnectionJobDeps } from './numbers/background-deps.ts'
import { checkHealth } from './numbers/check-health.ts'
import { checkTokens } from './numbers/check-tokens.ts'
import { rewriteTokens } from './numbers/rewrite-tokens.ts'
import { advanceConnections, endAbandonedConnections } from './onboarding/advance.ts'
import { connectSettingsNumber } from './onboarding/settings-number.ts'
import { orderDueSyncs } from './templates/order-syncs.ts'
import { runSyncs } from './templates/run-syncs.ts'

export const GATEWAY_LEASE: JobLease = { name: 'gateway:background', ttlMs: 15_000 }

const REWRITE_MS = 3_600_000
/** Interval of the checks. The rows say which numbers are due, so a resumed number is checked within this time. */
const CHECK_MS = 5000
const SYNC_MS = 1000
const WAKE_MS = 1000
/** At rest: a snooze ends within this time. */
const WAKE_IDLE_MS = 5000
const LABELS_MS = 30_000
const ASSIGN_MS = 500
/** At rest: a customer who writes is assigned within this time. */
const ASSIGN_IDLE_MS = 2000
/** What a disabled or deleted user leaves behind is seen by others within this time. */
const RELEASE_IDLE_MS = 3000
/** A requested sync begins within this time. */
const RUN_SYNC_IDLE_MS = 2000
/** A number whose templates are due waits this long at most. */
const ORDER_SYNC_IDLE_MS = 5000

/** At rest: what happens shows in the reports within this time, and so does the spend. */
const COUNT_IDLE_MS = 2000
const COUNT_MS = 500

const ADVANCE_MS = 1000
/** A connection whose executor died goes on within this time, beside the rest of its claim. */
const ADVANCE_IDLE_MS = 3000
const ABANDONED_MS = 60_000
/** The settings are read at the start; a tenant for their number may appear later. */
const SETTINGS_MS = 60_000

/** Dependencies of all jobs: those of the inbox ask Redis who is connected. */
type JobDeps = ConnectionJobDeps & { redis: Redis }

/** Background jobs that run in the one gateway that holds `GATEWAY_LEASE`. */
export const LEADER_JOBS: readonly JobRow<JobDeps>[] = [
  { name: 'rewrite access tokens', everyMs: REWRITE_MS, run: rewriteTokens },
  { name: 'check access tokens', everyMs: CHECK_MS, run: checkTokens },
  { name: 'check number health', everyMs: CHECK_MS, run: checkHealth },
  { name: 'order template syncs', everyMs: SYNC_MS, idleMs: ORDER_SYNC_IDLE_MS, run: orderDueSyncs },
  { name: 'advance connections', everyMs: ADVANCE_MS, idleMs: ADVANCE_IDLE_MS, run: advanceConnections },
  { name: 'end abandoned connections', everyMs: ABANDONED_MS, run: endAbandonedConnections },
  { name: 'connect number of settings', everyMs: SETTINGS_MS, run: connectSettingsNumber },
  { name: 'run template syncs', everyMs: SYNC_MS, idleMs: RUN_SYNC_IDLE_MS, run: runSyncs },
  { name: 'wake snoozed conversations', everyMs: WAKE_MS, idleMs: WAKE_IDLE_MS, run: wakeSnoozed },
  { name: 'assign waiting conversations', everyMs: ASSIGN_MS, idleMs: ASSIGN_IDLE_MS, run: assignWaiting },
  { name: 'count for reports', everyMs: COUNT_MS, idleMs: COUNT_IDLE_MS, run: countForReports },
  { name: 'release conversations of leavers', everyMs: ASSIGN_MS, idleMs: RELEASE_IDLE_MS, run: releaseLeft },
  { name: 'finish label changes', everyMs: LABELS_MS, run: finishLabels },
]

export const startBackground = (deps: JobDeps): Promise<Leader> =>
  runWhileLeader(deps.store, { lease: GATEWAY_LEASE, log: deps.log, jobs: bindJobs(LEADER_JOBS, deps) })
