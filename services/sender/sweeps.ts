import { ApiError, Outage } from '#shared/domain/errors.ts'
import type { PlatformFailure } from '#shared/domain/send-errors.ts'
import type { Logger } from '#shared/process/logger.ts'
import { oldestQueued, oldestWaiting, sendBacklog } from '#shared/process/metrics.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { countAllBacklog } from '#shared/store/dispatch-backlog.ts'
import type { Settlement } from '#shared/store/dispatch-effects.ts'
import { finishMessages, makeReady, releaseSuccessors } from '#shared/store/dispatch-finish.ts'
import { hastenLimited } from '#shared/store/dispatch-hasten.ts'
import {
  findAbandoned,
  findDue,
  findOld,
  findUnblocking,
  findUnpublished,
  findUnrung,
  findUnsettled,
  markUnblocked,
  releasePaused,
  settleOne,
} from '#shared/store/dispatch-sweeps.ts'
import type { Dispatch, MessageDoc, TenantDoc } from '#shared/store/documents.ts'
import { liveOwners } from '#shared/store/leases.ts'
import { releaseScheduled } from '#shared/store/release-scheduled.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import { type Publishing, publishEvents } from './bells.ts'
import type { Numbers, SendingNumber } from './numbers.ts'
import { byPolicy, failedHere, unknownStep } from './settle.ts'
import { createTurns, type Find } from './turns.ts'

export interface SweepDeps {
  store: Store
  queue: Queue
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  log: Logger
  owner: string
  unknownDeadlineMs: number
}

/** The kind under which senders beat: "I live". */
export const SENDER = 'sender'
const BATCH = 500
/** Of all numbers together, in one round. */
const MOST_RUNG = 10_000
const HOUR_MS = 3_600_000

/**
 * What carries a message on when nobody has it in hand: waits that end, bells that were lost, senders that died, outcomes
 * that nobody told. One process runs them at a time; each finds its work by the rows alone and may stop anywhere.
 */
export function createSweeps(deps: SweepDeps) {
  const { store, queue, numbers, publishing, clock, log } = deps
  const turns = createTurns(store, log)
  /** The messaging limits of numbers with something to send, as they were last seen. */
  const heard = new Map<string, number | null>()

  let roundAt = performance.now() - LONGEST_ROUND_MS

  /** Rings each number's due rows: as many as its rate has let go since the last round, and a few more. */
  async function release(): Promise<void> {
    let oldestMs = 0
    const sinceMs = performance.now() - roundAt
    roundAt += sinceMs
    await turns.each('release', 'WAITING', async phoneNumberId => {
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
      await hearLimit(number, now)
    }
    // Rows of a number that cannot send are rung too: they are put off as paused, and so leave this list.
    const due = await findDue(store, phoneNumberId, now, isActive ? share(number.client.throughput, sinceMs) : BATCH)
    const isScheduled = ({ dispatch }: MessageDoc) => dispatch?.reason === 'scheduled'
    await ring(
      due.filter(row => !isScheduled(row)),
      now,
    )
    await releaseTimed(due.filter(isScheduled), now)
    return due
  }

  /** Waits for the messaging limit are hours long: where Meta has changed it, all are looked at anew. */
  async function hearLimit({ client }: SendingNumber, now: Date): Promise<void> {
    const { tenantId, phoneNumberId, messagingLimit } = client
    const before = heard.get(phoneNumberId)
    heard.set(phoneNumberId, messagingLimit)
    if (before !== undefined && before !== messagingLimit) await hastenLimited(store, tenantId, [phoneNumberId], now, 'quota')
  }

  /** Together; but what keeps one from going keeps no other. */
  async function releaseTimed(due: MessageDoc[], now: Date): Promise<void> {
    try {
      const { rows, events } = await releaseScheduled(store, due, now)
      publishing.ring(rows)
      await publishing.publish(events)
    } catch (error) {
      if (error instanceof Outage) throw error
      log.error({ err: error, messageIds: due.map(({ _id }) => String(_id)) }, 'scheduled messages not released')
      if (due.length > 1) for (const row of due) await releaseTimed([row], now)
    }
  }

  async function resume(client: { phoneNumberId: string; tenantId: MessageDoc['tenantId'] }, now: Date): Promise<void> {
    const { maxWaitHours } = await settingsOf(client.tenantId)
    const expireAt = new Date(now.getTime() + maxWaitHours * HOUR_MS)
    const count = await releasePaused(store, client, { now, expireAt, limit: BATCH })
    if (count > 0) log.info({ tenantId: String(client.tenantId), count }, 'waiting messages released')
  }

  /** While bells still stand in the queue, a row that nobody took is merely behind them. */
  async function ringAgain(): Promise<void> {
    const standing = await Promise.all([QUEUES.chat, QUEUES.bulk].map(name => queue.check(name)))
    if (standing.some(({ messageCount }) => messageCount > BATCH)) return
    const again = async (phoneNumberId: string) => {
      const now = clock.now()
      const rows = await findUnrung(store, phoneNumberId, now, BATCH)
      await ring(rows, now)
      return rows.length
    }
    await turns.each('ring again', 'READY', again, MOST_RUNG)
  }

  async function ring(rows: MessageDoc[], now: Date): Promise<void> {
    publishing.ring(await makeReady(store, rows, now))
  }

  async function abandon(): Promise<void> {
    const now = clock.now()
    const live = await liveOwners(store, SENDER)
    // Without our own beat in the list, it says nothing about the others.
    if (!live.includes(deps.owner)) return
    const rows = await findAbandoned(store, now, live, BATCH)
    if (rows.length > 0) log.warn({ count: rows.length }, 'attempts without an outcome: their sender is gone')
    for (const [phoneNumberId, own] of Map.groupBy(rows, row => row.phoneNumberId))
      await turns.alone({ sweep: 'abandoned', phoneNumberId }, () => finishMessages(store, own.map(lost(now))))
  }

  const lost =
    (at: Date) =>
    (message: MessageDoc): Settlement => ({
      message,
      at,
      step: unknownStep({ at, unknownDeadlineMs: deps.unknownDeadlineMs }),
      entry: {
        kind: 'note',
        at,
        attempt: (message.dispatch as Dispatch).attempt,
        outcome: 'unknown',
        detail: 'The sender stopped during this attempt; whether WhatsApp took it is not known.',
      },
    })

  async function settleUnknown(): Promise<void> {
    const unsettled: Find = (limit, phoneNumberId) => findUnsettled(store, clock.now(), limit, phoneNumberId)
    for (const message of await turns.part('unsettled', 'UNKNOWN', BATCH, unsettled))
      await turns.alone({ sweep: 'unsettled', messageId: String(message._id) }, async () => {
        const { unknownOutcome } = await settingsOf(message.tenantId)
        await conclude(byPolicy(message, unknownOutcome, clock.now()))
      })
    const unblocking: Find = (limit, phoneNumberId) => findUnblocking(store, clock.now(), limit, phoneNumberId)
    const passed = await turns.part('unblocking', 'UNKNOWN', BATCH, unblocking)
    await markUnblocked(store, passed, clock.now())
    await ringNext(passed)
  }

  async function conclude(settlement: Settlement): Promise<void> {
    const events = await settleOne(store, settlement)
    if (events === null) return
    await publishing.publish(events)
    if (settlement.step.kind === 'failed') await ringNext([settlement.message])
  }

  async function ringNext(done: MessageDoc[]): Promise<void> {
    publishing.ring(await releaseSuccessors(store, done, clock.now()))
  }

  async function expire(): Promise<void> {
    const before = new Date(clock.now().getTime() - HOUR_MS)
    let after: MessageDoc['_id'] | null = null
    for (;;) {
      const rows: MessageDoc[] = await findOld(store, { before, after, limit: BATCH })
      for (const message of rows) {
        await turns.alone({ sweep: 'expired', messageId: String(message._id) }, () => expireOne(message))
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < BATCH) return
      after = last._id
    }
  }

  async function expireOne(message: MessageDoc): Promise<void> {
    const now = clock.now()
    const failure = await expiryOf(message, now)
    if (failure) await conclude(failedHere(message, failure, now))
  }

  /** Counted from the moment it should go, and not while its number is paused. */
  async function expiryOf(message: MessageDoc, now: Date): Promise<PlatformFailure | null> {
    const dispatch = message.dispatch as Dispatch
    const status = (await numbers.find([message.phoneNumberId])).get(message.phoneNumberId)?.client.status ?? 'disconnected'
    if (status === 'paused') return null
    const maxWaitMs = (await settingsOf(message.tenantId)).maxWaitHours * HOUR_MS
    const dueAt = (message.sendAt ?? message.createdAt).getTime()
    const expiresAt = dispatch.deadlineAt?.getTime() ?? dueAt + maxWaitMs
    if (expiresAt > now.getTime()) return null
    return status === 'active' ? 'expired' : 'disconnected'
  }

  /** Of a tenant that is gone: the careful ones. */
  async function settingsOf(tenantId: MessageDoc['tenantId']): Promise<SendSettings> {
    try {
      const { settings } = await getCachedTenant(store, tenantId)
      return { unknownOutcome: settings.unknownOutcome ?? 'fail', maxWaitHours: settings.maxWaitHours ?? 24 }
    } catch (error) {
      if (error instanceof ApiError) return { unknownOutcome: 'fail', maxWaitHours: 24 }
      throw error
    }
  }

  async function publishAgain(): Promise<void> {
    if (!queue.isReady()) return
    const rows = await findUnpublished(store, new Date(clock.now().getTime() - OUTBOX_MS), BATCH)
    await publishEvents(queue, rows)
    if (rows.length > 0) log.info({ count: rows.length }, 'events published again')
  }

  /** For operators: what waits in each lane, for what, and the oldest of it. */
  async function measure(): Promise<void> {
    const groups = await countAllBacklog(store)
    sendBacklog.reset()
    oldestWaiting.reset()
    const now = clock.now().getTime()
    for (const lane of ['c', 'b'] as const) {
      const own = groups.filter(group => group.lane === lane)
      const labels = { lane: lane === 'c' ? 'chat' : 'bulk' }
      for (const { reason, count } of own) sendBacklog.inc({ ...labels, reason }, count)
      const since = own.flatMap(({ reason, oldestAt }) => (reason === 'scheduled' ? [] : oldestAt.getTime()))
      oldestWaiting.set(labels, since.length === 0 ? 0 : Math.max(0, now - Math.min(...since)) / 1000)
    }
  }

  return { release, ringAgain, abandon, settleUnknown, expire, publishAgain, measure }
}
export type Sweeps = ReturnType<typeof createSweeps>

type SendSettings = Pick<TenantDoc['settings'], 'unknownOutcome' | 'maxWaitHours'>

const OUTBOX_MS = 5000
/** What is rung and finds no place is written into its row again. */
const SPARE = 4
const LONGEST_ROUND_MS = 1000
const share = (ratePerSecond: number, sinceMs: number) =>
  Math.ceil((ratePerSecond * Math.min(sinceMs, LONGEST_ROUND_MS)) / 1000) + SPARE
