import { Outage } from '#shared/domain/errors.ts'
import type { ClientDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { oldestQueued } from '#shared/process/metrics.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { makeReady } from '#shared/store/dispatch/finish.ts'
import { releaseScheduled } from '#shared/store/dispatch/release-scheduled.ts'
import { rescheduleLimited } from '#shared/store/dispatch/reschedule.ts'
import { findDue, releasePaused } from '#shared/store/dispatch/sweeps.ts'
import { metaIdsOf } from '#shared/store/numbers/meta-ids.ts'
import type { Numbers } from '../numbers.ts'
import type { Publishing } from '../publishing.ts'
import { sendSettings } from '../send-settings.ts'
import type { RoundRobin } from './round-robin.ts'

export interface DueDeps {
  store: Store
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  log: Logger
  roundRobin: RoundRobin
}

const BATCH = 500
const HOUR_MS = 3_600_000
/** Messages released beyond a number's rate. Those that find no send slot wait in their rows again. */
const SPARE = 4
const MAX_ROUND_MS = 1000

/** Enqueues messages that are due: after a wait for a rate, retry, limit or resume, or at their scheduled time. */
export class DueRelease {
  readonly #deps: DueDeps
  /** The messaging limits of numbers with waiting messages, as of the last round. */
  readonly #knownLimits = new Map<string, number | null>()
  #roundAt = performance.now() - MAX_ROUND_MS

  constructor(deps: DueDeps) {
    this.#deps = deps
  }

  /**
   * Releases for each number the messages that its rate allows for the time since the last round, plus `SPARE`.
   * @returns how many numbers have messages that wait, due or not. @throws Outage
   */
  async release(): Promise<number> {
    const { roundRobin, clock } = this.#deps
    let oldestMs = 0
    const sinceMs = performance.now() - this.#roundAt
    this.#roundAt += sinceMs
    const found = await roundRobin.each('release due messages', 'WAITING', async phoneNumberId => {
      const now = clock.now()
      const due = await this.#releaseNumber(phoneNumberId, now, sinceMs)
      oldestMs = Math.max(oldestMs, ...due.map(row => now.getTime() - (row.dispatch?.nextStepAt ?? now).getTime()))
      return due.length
    })
    oldestQueued.set(oldestMs / 1000)
    return found
  }

  async #releaseNumber(phoneNumberId: string, now: Date, sinceMs: number): Promise<MessageDoc[]> {
    const number = (await this.#deps.numbers.find([phoneNumberId])).get(phoneNumberId)
    const isActive = number?.client.status === 'active' && number.token !== null
    if (number && isActive) await this.#prepare(number.client, now)
    // Messages of a number that cannot send are released too: the consumer writes why they wait, and they are no longer due.
    const limit = isActive ? allowance(number.client.throughput, sinceMs) : BATCH
    const due = await findDue(this.#deps.store, phoneNumberId, now, limit)
    const { scheduled = [], other = [] } = Object.groupBy(due, row => (isScheduled(row) ? 'scheduled' : 'other'))
    await enqueueDue(this.#deps, other, now)
    await releaseTimed(this.#deps, scheduled, now)
    return due
  }

  async #prepare(client: ClientDoc, now: Date): Promise<void> {
    await resume(this.#deps, client, now)
    await this.#rescheduleOnNewLimit(client, now)
  }

  /** Waits for the messaging limit last hours. When Meta has changed the limit, they end now and are decided again. */
  async #rescheduleOnNewLimit(client: ClientDoc, now: Date): Promise<void> {
    const { tenantId, phoneNumberId, messagingLimit } = client
    const before = this.#knownLimits.get(phoneNumberId)
    this.#knownLimits.set(phoneNumberId, messagingLimit)
    const hasChanged = before !== undefined && before !== messagingLimit
    if (hasChanged) await rescheduleLimited(this.#deps.store, tenantId, metaIdsOf(client), now, 'quota')
  }
}

const isScheduled = ({ dispatch }: MessageDoc) => dispatch?.reason === 'scheduled'

async function enqueueDue({ store, publishing }: DueDeps, rows: MessageDoc[], now: Date): Promise<void> {
  publishing.enqueue(await makeReady(store, rows, now))
}

/** Releases scheduled messages together or, when that fails, one by one, so that one message cannot block the others. */
async function releaseTimed(deps: DueDeps, due: MessageDoc[], now: Date): Promise<void> {
  try {
    const { rows, events } = await releaseScheduled(deps.store, due, now)
    deps.publishing.enqueue(rows)
    deps.publishing.project(rows)
    await deps.publishing.publish(events)
  } catch (error) {
    if (error instanceof Outage) throw error
    deps.log.error({ err: error, messageIds: due.map(({ _id }) => String(_id)) }, 'scheduled messages not released')
    if (due.length > 1) for (const row of due) await releaseTimed(deps, [row], now)
  }
}

/** Makes messages due that waited for their number to be resumed. */
async function resume({ store, log }: DueDeps, client: ClientDoc, now: Date): Promise<void> {
  const { maxWaitHours } = await sendSettings(store, client.tenantId)
  const expireAt = new Date(now.getTime() + maxWaitHours * HOUR_MS)
  const count = await releasePaused(store, client, { now, expireAt, limit: BATCH })
  if (count > 0) log.info({ tenantId: String(client.tenantId), count }, 'paused messages released')
}

/** Messages that the rate allows for the time since the last round, plus `SPARE`. */
const allowance = (ratePerSecond: number, sinceMs: number) =>
  Math.ceil((ratePerSecond * Math.min(sinceMs, MAX_ROUND_MS)) / 1000) + SPARE
