import { setTimeout as sleep } from 'node:timers/promises'
import type { Keyring } from '#shared/auth/encryption.ts'
import { RETRY_DELAYS_MS } from '#shared/domain/subscriptions/delivery.ts'
import { DISABLE_AFTER_MS } from '#shared/domain/subscriptions/health.ts'
import type { EventSubscriptionDoc } from '#shared/model/documents.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findActiveSubscriptions } from '#shared/store/subscriptions/outgoing.ts'
import type { Publishing } from '../publishing.ts'
import { callEndpoint } from './call.ts'
import { Dispatcher, type DispatcherDeps } from './dispatcher.ts'
import { type Followed, Follower } from './follow.ts'

export interface DeliveryDeps {
  store: Store
  keyring: Keyring
  publishing: Publishing
  clock: ServerClock
  log: Logger
  settings: DeliverySettings
}

export interface DeliverySettings {
  /** Origins that may be private. */
  origins?: readonly string[]
  /** Longest wait for an endpoint's answer, in ms. */
  timeoutMs?: number
  /** Waits between attempts, in ms. */
  delays?: readonly number[]
  disableAfterMs?: number
  /** Of the pauses of an endpoint in trouble; 1 but in tests. */
  pauseScale?: number
}

const TIMEOUT_MS = 15_000
const BUSY_MS = 200
const REST_MS = 1000

/**
 * Delivers the events of all tenants to their endpoints, for as long as this process leads: what is in memory is one leadership's.
 * Ends when the process stops or has lost its lease. @throws Outage; then it begins anew from the rows
 */
export async function deliverEvents({ settings, ...deps }: DeliveryDeps, mayGoOn: MayGoOn): Promise<void> {
  const { store, keyring, clock } = deps
  const now = () => clock.now()
  const { origins = [], timeoutMs = TIMEOUT_MS, delays = RETRY_DELAYS_MS } = settings
  const { disableAfterMs = DISABLE_AFTER_MS, pauseScale = 1 } = settings
  const call = (...[subscription, delivery, signal]: Parameters<DispatcherDeps['call']>) =>
    callEndpoint({ keyring, origins, timeoutMs, now }, subscription, delivery, signal)
  const dispatcher = new Dispatcher({ ...deps, now, call, delays, disableAfterMs, pauseScale }, mayGoOn)
  const follower = new Follower(store, now)
  try {
    for (let restMs = BUSY_MS; mayGoOn(); ) {
      const subscriptions = await findActiveSubscriptions(store)
      dispatcher.serve(subscriptions)
      const found = await takeOver(subscriptions, follower, dispatcher)
      await dispatcher.round()
      restMs = found === 'nothing' ? Math.min(REST_MS, restMs * 2) : BUSY_MS
      if (found !== 'more') await sleep(restMs)
    }
  } finally {
    await dispatcher.stop()
  }
}

/** Takes over new events, which are delivered at once, and goes on with replays. */
async function takeOver(
  subscriptions: readonly EventSubscriptionDoc[],
  follower: Follower,
  dispatcher: Dispatcher,
): Promise<Followed> {
  const enabled = subscriptions.filter(({ status }) => status === 'ENABLED')
  const found = await follower.follow(enabled, id => dispatcher.added(id))
  const replaying = enabled.filter(({ replay }) => replay !== null)
  for (const subscription of replaying) if (await follower.replay(subscription)) dispatcher.changed(String(subscription._id))
  return found === 'nothing' && replaying.length > 0 ? 'some' : found
}
