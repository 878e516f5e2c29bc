import { hasExpired, waitEndsAt } from '#shared/domain/messages/expiry.ts'
import type { PlatformFailure } from '#shared/domain/messages/send-errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findExpired, findOld } from '#shared/store/dispatch/sweeps.ts'
import { type Numbers, ownNumber } from '../numbers.ts'
import type { Publishing } from '../publishing.ts'
import { failedWithoutCall } from '../send/settle.ts'
import { sendSettings } from '../send-settings.ts'
import { conclude } from './conclude.ts'
import type { RoundRobin } from './round-robin.ts'

export interface ExpireDeps {
  store: Store
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  roundRobin: RoundRobin
}

const BATCH = 500
/** The lowest possible `maxWaitHours`: younger messages cannot have expired. */
const HOUR_MS = 3_600_000

/** Fails messages whose own expiry has passed, and chat messages that waited longer than their tenant's `maxWaitHours`. @throws Outage */
export async function expireWaiting(deps: ExpireDeps): Promise<void> {
  const { store } = deps
  const now = deps.clock.now()
  const before = new Date(now.getTime() - HOUR_MS)
  await expireEach(deps, after => findExpired(store, { now, after, limit: BATCH }))
  await expireEach(deps, after => findOld(store, { before, after, limit: BATCH }))
}

async function expireEach(deps: ExpireDeps, find: (after: MessageDoc['_id'] | null) => Promise<MessageDoc[]>): Promise<void> {
  let after: MessageDoc['_id'] | null = null
  for (;;) {
    const rows: MessageDoc[] = await find(after)
    for (const message of rows)
      await deps.roundRobin.isolate({ job: 'expire waiting messages', messageId: String(message._id) }, () =>
        expireOne(deps, message),
      )
    const last = rows.at(-1)
    if (last === undefined || rows.length < BATCH) return
    after = last._id
  }
}

async function expireOne(deps: ExpireDeps, message: MessageDoc): Promise<void> {
  const now = deps.clock.now()
  const failure = await expiryOf(deps, message, now)
  if (failure) await conclude(deps, failedWithoutCall(message, failure, now))
}

/**
 * The failure of an expired message, otherwise null: the earlier of its own expiry and of its tenant's longest wait holds. While its
 * number is paused, its own expiry alone.
 */
async function expiryOf({ store, numbers }: ExpireDeps, message: MessageDoc, now: Date): Promise<PlatformFailure | null> {
  if (hasExpired(message, now)) return 'expired'
  const number = ownNumber(await numbers.find([message.phoneNumberId]), message)
  const status = number?.client.status ?? 'disconnected'
  if (status === 'paused') return null
  const maxWaitMs = (await sendSettings(store, message.tenantId)).maxWaitHours * HOUR_MS
  if (waitEndsAt(message, (message.dispatch as Dispatch).deadlineAt, maxWaitMs) > now) return null
  return status === 'active' ? 'expired' : 'disconnected'
}
