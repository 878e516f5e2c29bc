import { PRIORITIES } from '#shared/domain/messages/priority.ts'
import type { PlatformFailure } from '#shared/domain/messages/send-errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import { oldestWaiting, sendBacklog } from '#shared/process/metrics.ts'
import { countAllBacklog } from '#shared/store/dispatch/backlog.ts'
import { finishMessages, releaseSuccessors } from '#shared/store/dispatch/finish.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import {
  findAbandoned,
  findOld,
  findUnblocking,
  findUnpublished,
  findUnsettled,
  markUnblocked,
  settleOne,
} from '#shared/store/dispatch/sweeps.ts'
import { liveOwners } from '#shared/store/leases.ts'
import { byPolicy, failedHere, unknownStep } from '../send/settle.ts'
import { sendSettings } from '../send-settings.ts'
import type { DueDeps } from './due.ts'
import type { Find } from './round-robin.ts'

export interface SweepDeps extends DueDeps {
  owner: string
  unknownDeadlineMs: number
}

/** The kind under which senders beat: "I live". */
export const SENDER = 'sender'
const BATCH = 500
const HOUR_MS = 3_600_000

/**
 * What ends a message that nobody has in hand: senders that died, outcomes that nobody told, waits that lasted too long; and
 * events that were not published. One process runs them at a time; each finds its work by the rows alone and may stop anywhere.
 */
export function createSweeps(deps: SweepDeps) {
  const { store, queue, numbers, publishing, clock, log, roundRobin } = deps

  async function abandon(): Promise<void> {
    const now = clock.now()
    const live = await liveOwners(store, SENDER)
    // Without our own beat in the list, it says nothing about the others.
    if (!live.includes(deps.owner)) return
    const rows = await findAbandoned(store, now, live, BATCH)
    if (rows.length > 0) log.warn({ count: rows.length }, 'attempts without an outcome: their sender is gone')
    for (const [phoneNumberId, own] of Map.groupBy(rows, row => row.phoneNumberId))
      await roundRobin.alone({ sweep: 'abandoned', phoneNumberId }, () => finishMessages(store, own.map(lost(now))))
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
    for (const message of await roundRobin.part('unsettled', 'UNKNOWN', BATCH, unsettled))
      await roundRobin.alone({ sweep: 'unsettled', messageId: String(message._id) }, async () => {
        const { unknownOutcome } = await sendSettings(store, message.tenantId)
        await conclude(byPolicy(message, unknownOutcome, clock.now()))
      })
    const unblocking: Find = (limit, phoneNumberId) => findUnblocking(store, clock.now(), limit, phoneNumberId)
    const passed = await roundRobin.part('unblocking', 'UNKNOWN', BATCH, unblocking)
    await markUnblocked(store, passed, clock.now())
    await enqueueNext(passed)
  }

  async function conclude(settlement: Settlement): Promise<void> {
    const events = await settleOne(store, settlement)
    if (events === null) return
    await publishing.publish(events)
    if (settlement.step.kind === 'failed') await enqueueNext([settlement.message])
  }

  async function enqueueNext(done: MessageDoc[]): Promise<void> {
    publishing.enqueue(await releaseSuccessors(store, done, clock.now()))
  }

  async function expire(): Promise<void> {
    const before = new Date(clock.now().getTime() - HOUR_MS)
    let after: MessageDoc['_id'] | null = null
    for (;;) {
      const rows: MessageDoc[] = await findOld(store, { before, after, limit: BATCH })
      for (const message of rows) {
        await roundRobin.alone({ sweep: 'expired', messageId: String(message._id) }, () => expireOne(message))
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
    const maxWaitMs = (await sendSettings(store, message.tenantId)).maxWaitHours * HOUR_MS
    const dueAt = (message.sendAt ?? message.createdAt).getTime()
    const expiresAt = dispatch.deadlineAt?.getTime() ?? dueAt + maxWaitMs
    if (expiresAt > now.getTime()) return null
    return status === 'active' ? 'expired' : 'disconnected'
  }

  async function publishAgain(): Promise<void> {
    if (!queue.isReady()) return
    const rows = await findUnpublished(store, new Date(clock.now().getTime() - OUTBOX_MS), BATCH)
    if (rows.length === 0) return
    await publishing.publish(rows)
    await publishing.settled()
    log.info({ count: rows.length }, 'events published again')
  }

  /** For operators: what waits in each lane, for what, and the oldest of it. */
  async function measure(): Promise<void> {
    const groups = await countAllBacklog(store)
    sendBacklog.reset()
    oldestWaiting.reset()
    const now = clock.now().getTime()
    for (const priority of PRIORITIES) {
      const own = groups.filter(group => group.priority === priority)
      const labels = { priority }
      for (const { reason, count } of own) sendBacklog.inc({ ...labels, reason }, count)
      const since = own.flatMap(({ reason, oldestAt }) => (reason === 'scheduled' ? [] : oldestAt.getTime()))
      oldestWaiting.set(labels, since.length === 0 ? 0 : Math.max(0, now - Math.min(...since)) / 1000)
    }
  }

  return { abandon, settleUnknown, expire, publishAgain, measure }
}
export type Sweeps = ReturnType<typeof createSweeps>

const OUTBOX_MS = 5000
