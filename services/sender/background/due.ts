import { Outage } from '#shared/domain/errors.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { oldestQueued } from '#shared/process/metrics.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { makeReady } from '#shared/store/dispatch/finish.ts'
import { releaseScheduled } from '#shared/store/dispatch/release-scheduled.ts'
import { rescheduleLimited } from '#shared/store/dispatch/reschedule.ts'
import { findDue, findNotTaken, releasePaused } from '#shared/store/dispatch/sweeps.ts'
import type { Numbers, SendingNumber } from '../numbers.ts'
import type { Publishing } from '../publishing.ts'
import { sendSettings } from '../send-settings.ts'
import type { RoundRobin } from './round-robin.ts'

export interface DueDeps {
  store: Store
  queue: Queue
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  log: Logger
  roundRobin: RoundRobin
}

const BATCH = 500
/** Of all numbers together, in one round. */
const MOST_RUNG = 10_000
const HOUR_MS = 3_600_000
/** What is rung and finds no place is written into its row again. */
const SPARE = 4
const LONGEST_ROUND_MS = 1000

/** Rings for what waits: when its time has come, and when its bell was lost. One process does it at a time, by the rows alone. */
export function createDue({ store, queue, numbers, publishing, clock, log, roundRobin }: DueDeps) {
  /** The messaging limits of numbers with something to send, as they were last seen. */
  const knownLimits = new Map<string, number | null>()

  let roundAt = performance.now() - LONGEST_ROUND_MS

  /** Rings each number's due rows: as many as its rate has let go since the last round, and a few more. */
  async function release(): Promise<void> {
    let oldestMs = 0
    const sinceMs = performance.now() - roundAt
    roundAt += sinceMs
    await roundRobin.each('release', 'WAITING', async phoneNumberId => {
      const now = clock.now()
      const due = await releaseNumber(phoneNumberId, now, sinceMs)
      oldestMs = Math.max(oldestMs, ...due.map(row => now.getTime() - (row.dispatch?.nextStepAt?.getTime() ?? now.getTime())))
      return due.length
    })
    oldestQueued.set(oldestMs / 1000)
  }

  async function releaseNumber(phoneNumberId: string, now: Date, sinceMs: number): Promise<MessageDoc[]> {
    const number = (await numbers.find([phoneNumberId])).get(phoneNumberId)
    const isActive = number?.client.status === 'active' && number.token !== null
    if (number && isActive) {
      await resume(number.client, now)
      await onLimitChanged(number, now)
    }
    // Rows of a number that cannot send are rung too: they are put off as paused, and so leave this list.
    const due = await findDue(store, phoneNumberId, now, isActive ? share(number.client.throughput, sinceMs) : BATCH)
    const isScheduled = ({ dispatch }: MessageDoc) => dispatch?.reason === 'scheduled'
    await enqueue(
      due.filter(row => !isScheduled(row)),
      now,
    )
    await releaseTimed(due.filter(isScheduled), now)
    return due
  }

  /** Waits for the messaging limit are hours long: where Meta has changed it, all are looked at anew. */
  async function onLimitChanged({ client }: SendingNumber, now: Date): Promise<void> {
    const { tenantId, phoneNumberId, messagingLimit } = client
    const before = knownLimits.get(phoneNumberId)
    knownLimits.set(phoneNumberId, messagingLimit)
    if (before !== undefined && before !== messagingLimit) await rescheduleLimited(store, tenantId, [phoneNumberId], now, 'quota')
  }

  /** Together; but what keeps one from going keeps no other. */
  async function releaseTimed(due: MessageDoc[], now: Date): Promise<void> {
    try {
      const { rows, events } = await releaseScheduled(store, due, now)
      publishing.enqueue(rows)
      await publishing.publish(events)
    } catch (error) {
      if (error instanceof Outage) throw error
      log.error({ err: error, messageIds: due.map(({ _id }) => String(_id)) }, 'scheduled messages not released')
      if (due.length > 1) for (const row of due) await releaseTimed([row], now)
    }
  }

  async function resume(client: { phoneNumberId: string; tenantId: MessageDoc['tenantId'] }, now: Date): Promise<void> {
    const { maxWaitHours } = await sendSettings(store, client.tenantId)
    const expireAt = new Date(now.getTime() + maxWaitHours * HOUR_MS)
    const count = await releasePaused(store, client, { now, expireAt, limit: BATCH })
    if (count > 0) log.info({ tenantId: String(client.tenantId), count }, 'waiting messages released')
  }

  /** While bells still stand in the queue, a row that nobody took is merely behind them. */
  async function requeueLost(): Promise<void> {
    const standing = await Promise.all([QUEUES.chat, QUEUES.bulk].map(name => queue.check(name)))
    if (standing.some(({ messageCount }) => messageCount > BATCH)) return
    const again = async (phoneNumberId: string) => {
      const now = clock.now()
      const rows = await findNotTaken(store, phoneNumberId, now, BATCH)
      await enqueue(rows, now)
      return rows.length
    }
    await roundRobin.each('ring again', 'READY', again, MOST_RUNG)
  }

  async function enqueue(rows: MessageDoc[], now: Date): Promise<void> {
    publishing.enqueue(await makeReady(store, rows, now))
  }

  return { release, requeueLost }
}

/** In messages: what the rate has let go since the last round, and a few more. */
const share = (ratePerSecond: number, sinceMs: number) =>
  Math.ceil((ratePerSecond * Math.min(sinceMs, LONGEST_ROUND_MS)) / 1000) + SPARE
