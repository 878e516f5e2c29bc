import type { PlatformFailure } from '#shared/domain/messages/send-errors.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findOld } from '#shared/store/dispatch/sweeps.ts'
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

/** Fails chat messages that waited longer than their tenant's `maxWaitHours`. @throws Outage */
export async function expireWaiting(deps: ExpireDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - HOUR_MS)
  let after: MessageDoc['_id'] | null = null
  for (;;) {
    const rows: MessageDoc[] = await findOld(deps.store, { before, after, limit: BATCH })
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

/** The failure of an expired message, otherwise null. The wait counts from the due time. Paused numbers expire nothing. */
async function expiryOf({ store, numbers }: ExpireDeps, message: MessageDoc, now: Date): Promise<PlatformFailure | null> {
  const number = ownNumber(await numbers.find([message.phoneNumberId]), message)
  const status = number?.client.status ?? 'disconnected'
  if (status === 'paused') return null
  const maxWaitMs = (await sendSettings(store, message.tenantId)).maxWaitHours * HOUR_MS
  const dueAt = (message.sendAt ?? message.createdAt).getTime()
  const expiresAt = (message.dispatch as Dispatch).deadlineAt?.getTime() ?? dueAt + maxWaitMs
  if (expiresAt > now.getTime()) return null
  return status === 'active' ? 'expired' : 'disconnected'
}
