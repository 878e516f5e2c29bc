import type { MessagingLimitWindow } from '#shared/limits/messaging-limit.ts'
import { bindJobs, type JobRow, runJobs } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventExchange } from '#shared/queue/event-exchange.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { type JobLease, runWhileLeader } from '#shared/store/run-while-leader.ts'
import { answerByItself } from './background/answer-by-itself.ts'
import { CampaignAllowances } from './background/campaign-allowances.ts'
import { beginCampaigns, endCancelledCampaigns } from './background/campaign-steps.ts'
import { checkNextAudience } from './background/check-audience.ts'
import { emptyOldMessages } from './background/empty-old-messages.ts'
import { expireWaiting } from './background/expire-waiting.ts'
import { SenderHeartbeat } from './background/heartbeat.ts'
import { clearBacklogGauges, measureBacklog } from './background/measure-backlog.ts'
import { AHEAD_SECONDS, CampaignRelease } from './background/release-campaigns.ts'
import { DueRelease } from './background/release-due.ts'
import { CampaignProgress } from './background/report-campaigns.ts'
import { republishEvents } from './background/republish-events.ts'
import { republishProjections } from './background/republish-projections.ts'
import { requeueLost } from './background/requeue-lost.ts'
import { restoreMessagingLimits } from './background/restore-messaging-limit.ts'
import { createRoundRobin } from './background/round-robin.ts'
import { settleAbandoned } from './background/settle-abandoned.ts'
import { settleUnknown } from './background/settle-unknown.ts'
import type { Numbers } from './numbers.ts'
import type { Publishing } from './publishing.ts'
import { PushNotifier } from './push/notify.ts'
import { type DeliveryDeps, deliverEvents } from './subscriptions/deliver-events.ts'
import { publishToExchange } from './subscriptions/publish-to-exchange.ts'

export interface BackgroundDeps extends EventDeps {
  store: Store
  queue: Queue
  storage: ObjectStorage
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  log: Logger
  messagingLimits: MessagingLimitWindow
  /** Name of this process among the senders. */
  owner: string
  unknownDeadlineMs: number
  republishEveryMs: number
  backlogEveryMs: number
}

/** What the jobs of events need that leave Linko. */
export interface EventDeps extends DeliveryDeps {
  /** Of the operator's choice; null without one. */
  exchange: EventExchange | null
}

export const SENDER_LEASE: JobLease = { name: 'sender:sweeps', ttlMs: 6000 }

/** A lease of its own: whoever delivers waits for its calls before it frees it, and holds up no send. */
export const EVENTS_LEASE: JobLease = { name: 'events:delivery', ttlMs: 6000 }

const HEARTBEAT_MS = 2000
const DUE_MS = 200
const REPAIR_MS = 1000
const PROJECT_MS = 2000
const EXPIRE_MS = 60_000
const RETENTION_MS = 250
/** At rest: a day's run begins within this time of midnight. */
const RETENTION_REST_MS = 60_000
const CAMPAIGN_RELEASE_MS = 250
const CAMPAIGN_PROGRESS_MS = 500
const CAMPAIGN_STEP_MS = 1000
const AUDIENCE_MS = 500
const ANSWER_MS = 500
/** At rest: a customer is answered within this time. */
const ANSWER_IDLE_MS = 2000
/** A round of deliveries lasts for as long as this process leads; one that failed begins again after this time. */
const EVENTS_MS = 1000
const EXCHANGE_MS = 250
const PUSH_MS = 500
export const BACKLOG_MS = 15_000
/** At rest. A message that is the first to wait, and a campaign that is started or resumed, goes on within this time. */
const REST_MS = 1000
/** At rest, of what somebody looks at but does not wait for. */
const LONG_REST_MS = 2000
/** At rest, of repairs: what they look for has already been late for seconds. */
const REPAIR_REST_MS = 3000

/** Jobs that every sender runs until its last call has ended. */
export const PROCESS_JOBS: readonly JobRow<SenderHeartbeat>[] = [
  { name: 'renew sender heartbeat', everyMs: HEARTBEAT_MS, run: heartbeat => heartbeat.renew() },
]

/** Jobs that only the holder of `SENDER_LEASE` runs. Each finds its work in the rows alone, so it may stop at any point. */
export const LEADER_JOBS: readonly JobRow<LeaderWork>[] = [
  { name: 'release due messages', everyMs: DUE_MS, idleMs: REST_MS, run: work => work.due.release() },
  { name: 'requeue lost send jobs', everyMs: REPAIR_MS, idleMs: REPAIR_REST_MS, run: requeueLost },
  { name: 'restore messaging limits', everyMs: REPAIR_MS, run: restoreMessagingLimits },
  { name: 'settle abandoned attempts', everyMs: REPAIR_MS, idleMs: REPAIR_REST_MS, run: settleAbandoned },
  {
    name: 'settle unknown outcomes',
    everyMs: work => Math.min(REPAIR_MS, work.unknownDeadlineMs),
    idleMs: work => Math.min(REPAIR_REST_MS, work.unknownDeadlineMs),
    run: settleUnknown,
  },
  { name: 'expire waiting messages', everyMs: EXPIRE_MS, run: expireWaiting },
  { name: 'republish events', everyMs: work => work.republishEveryMs, run: republishEvents },
  { name: 'republish projections', everyMs: PROJECT_MS, idleMs: REPAIR_REST_MS, run: republishProjections },
  { name: 'measure send backlog', everyMs: work => work.backlogEveryMs, run: measureBacklog },
  { name: 'begin scheduled campaigns', everyMs: CAMPAIGN_STEP_MS, run: beginCampaigns },
  { name: 'release campaign recipients', everyMs: CAMPAIGN_RELEASE_MS, idleMs: REST_MS, run: work => work.campaigns.release() },
  { name: 'report campaign progress', everyMs: CAMPAIGN_PROGRESS_MS, idleMs: LONG_REST_MS, run: work => work.progress.report() },
  { name: 'end cancelled campaigns', everyMs: CAMPAIGN_STEP_MS, idleMs: LONG_REST_MS, run: endCancelledCampaigns },
  { name: 'answer by itself', everyMs: ANSWER_MS, idleMs: ANSWER_IDLE_MS, run: answerByItself },
  { name: 'check audiences', everyMs: AUDIENCE_MS, idleMs: REST_MS, run: checkNextAudience },
  { name: 'empty old messages', everyMs: RETENTION_MS, idleMs: RETENTION_REST_MS, run: emptyOldMessages },
]

/** Jobs that only the holder of `EVENTS_LEASE` runs. */
export const EVENT_JOBS: readonly JobRow<EventWork>[] = [
  { name: 'deliver events', everyMs: EVENTS_MS, run: deliverEvents },
  { name: 'publish events to the exchange', everyMs: EXCHANGE_MS, idleMs: REST_MS, run: publishToExchange },
  { name: 'send push notifications', everyMs: PUSH_MS, idleMs: REST_MS, run: (work, mayGoOn) => work.push.notify(mayGoOn) },
]

type EventWork = EventDeps & { push: PushNotifier }

const eventWork = (deps: EventDeps): EventWork => ({
  ...deps,
  push: new PushNotifier({ ...deps, origins: deps.settings.origins ?? [] }),
})

/** Jobs that the senders without the lease run. */
export const FOLLOWER_JOBS: readonly JobRow<null>[] = [
  { name: 'clear backlog gauges', everyMs: BACKLOG_MS, run: async () => clearBacklogGauges() },
]

type LeaderWork = ReturnType<typeof leaderWork>

/** The dependencies of the leader's jobs, and the jobs that keep state between runs. */
function leaderWork(deps: BackgroundDeps) {
  const roundRobin = createRoundRobin(deps.store, deps.log)
  const allowances = new CampaignAllowances(AHEAD_SECONDS * 1000)
  const due = new DueRelease({ ...deps, roundRobin })
  const campaigns = new CampaignRelease({ ...deps, allowances })
  const progress = new CampaignProgress({ ...deps, allowances })
  return { ...deps, roundRobin, due, campaigns, progress }
}

export interface Heartbeat extends AsyncDisposable {
  /** Number of senders that are alive, this one included. */
  liveSenders(): number
  /** False once the last heartbeat has run out: messages that this sender has taken may be in other hands. */
  isAlive(): boolean
}

/** Starts the heartbeat. It must begin before the first message is taken and end after the last call. */
export async function startHeartbeat(store: Store, owner: string, log: Logger): Promise<Heartbeat> {
  const heartbeat = new SenderHeartbeat(store, owner)
  await heartbeat.renew()
  await using stack = new AsyncDisposableStack()
  stack.defer(() => heartbeat.end())
  stack.use(runJobs({ jobs: bindJobs(PROCESS_JOBS, heartbeat), log }))
  const opened = stack.move()
  const { liveSenders, isAlive } = heartbeat
  return { liveSenders, isAlive, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Starts the jobs of the leader and those of the followers; the lease decides which of them run. */
export async function startBackground(deps: BackgroundDeps): Promise<AsyncDisposable> {
  const { store, owner, log } = deps
  await using stack = new AsyncDisposableStack()
  stack.use(await runWhileLeader(store, { lease: EVENTS_LEASE, owner, log, jobs: bindJobs(EVENT_JOBS, eventWork(deps)) }))
  const jobs = bindJobs(LEADER_JOBS, leaderWork(deps))
  const leader = stack.use(await runWhileLeader(store, { lease: SENDER_LEASE, owner, log, jobs }))
  stack.use(runJobs({ jobs: bindJobs(FOLLOWER_JOBS, null), log, mayRun: () => !leader.isLeader() }))
  return stack.move()
}
