import { bindJobs, type JobRow, runJobs } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { CatchUp } from './background/catch-up.ts'
import { endRevoked } from './background/end-revoked.ts'
import { PresenceRenewal } from './background/renew-presence.ts'
import { SlowSockets } from './background/slow-sockets.ts'
import type { Feeds } from './feed.ts'
import { subscribeToNotices } from './notices.ts'
import type { Presence } from './presence.ts'
import type { RedisPair } from './redis.ts'
import { type LinkoServer, localSockets } from './socket-types.ts'

export interface BackgroundDeps {
  io: LinkoServer
  store: Store
  redis: RedisPair
  feeds: Feeds
  presence: Presence
  /** Name of this node in the presence rows. */
  node: string
  log: Logger
}

const POSITIONS_MS = 15_000
const WITHOUT_REDIS_MS = 1000
/** A third of the lifetime of presence rows. */
const PRESENCE_MS = 15_000
const REVOKED_MS = 5000
const SLOW_MS = 1000

/** Jobs that every node runs for its own sockets. */
export const PROCESS_JOBS: readonly JobRow<Work>[] = [
  { name: 'emit event positions', everyMs: POSITIONS_MS, run: work => work.catchUp.emitPositions() },
  { name: 'catch up without Redis', everyMs: WITHOUT_REDIS_MS, run: work => work.catchUp.withoutRedis() },
  { name: 'renew presence', everyMs: PRESENCE_MS, run: work => work.presence.renew() },
  { name: 'end revoked sessions', everyMs: REVOKED_MS, run: work => endRevoked(work.store, localSockets(work.io)) },
  { name: 'disconnect slow sockets', everyMs: SLOW_MS, run: async work => work.slowSockets.disconnect() },
]

type Work = ReturnType<typeof workOf>

/** The dependencies of the jobs, and the jobs that keep state between runs. */
function workOf(deps: BackgroundDeps) {
  const { io, store } = deps
  return { io, store, catchUp: new CatchUp(deps), presence: new PresenceRenewal(deps), slowSockets: new SlowSockets(io) }
}

/** Starts the jobs, the subscription to the gateway's notices, and catching up after Redis reconnects. */
export function startBackground(deps: BackgroundDeps): AsyncDisposable {
  const { redis, log } = deps
  const work = workOf(deps)
  const stack = new AsyncDisposableStack()
  stack.use(runJobs({ jobs: bindJobs(PROCESS_JOBS, work), log }))
  stack.use(subscribeToNotices(deps))
  const onReady = () =>
    void work.catchUp.afterReconnect().catch(error => log.warn({ err: error }, 'catch-up after Redis reconnect failed'))
  redis.subscriber.on('ready', onReady)
  stack.defer(() => void redis.subscriber.off('ready', onReady))
  return stack
}
