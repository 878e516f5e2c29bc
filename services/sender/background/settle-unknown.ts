import type { MessageDoc } from '#shared/model/documents.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findUnblocking, findUnsettled, markUnblocked } from '#shared/store/dispatch/sweeps.ts'
import type { Publishing } from '../publishing.ts'
import { byPolicy } from '../send/settle.ts'
import { sendSettings } from '../send-settings.ts'
import { conclude, enqueueNext } from './conclude.ts'
import type { Find, RoundRobin } from './round-robin.ts'

export interface UnknownDeps {
  store: Store
  publishing: Publishing
  clock: ServerClock
  roundRobin: RoundRobin
}

const BATCH = 500

/**
 * Settles attempts whose outcome stayed unknown, and unblocks the messages behind those that stay unknown for long.
 * @returns how many of both. @throws Outage
 */
export async function settleUnknown(deps: UnknownDeps): Promise<number> {
  return (await settleOverdue(deps)) + (await unblockSuccessors(deps))
}

/** Settles attempts past their deadline by the tenant's policy. */
async function settleOverdue(deps: UnknownDeps): Promise<number> {
  const { store, clock, roundRobin } = deps
  const unsettled: Find = (limit, phoneNumberId) => findUnsettled(store, clock.now(), limit, phoneNumberId)
  const overdue = await roundRobin.equalShare('settle unknown outcomes', 'UNKNOWN', BATCH, unsettled)
  for (const message of overdue)
    await roundRobin.isolate({ job: 'settle unknown outcomes', messageId: String(message._id) }, () =>
      settleByPolicy(deps, message),
    )
  return overdue.length
}

async function settleByPolicy(deps: UnknownDeps, message: MessageDoc): Promise<void> {
  const { unknownOutcome } = await sendSettings(deps.store, message.tenantId)
  await conclude(deps, byPolicy(message, unknownOutcome, deps.clock.now()))
}

async function unblockSuccessors(deps: UnknownDeps): Promise<number> {
  const { store, clock, roundRobin } = deps
  const unblocking: Find = (limit, phoneNumberId) => findUnblocking(store, clock.now(), limit, phoneNumberId)
  const passed = await roundRobin.equalShare('unblock successors', 'UNKNOWN', BATCH, unblocking)
  await markUnblocked(store, passed, clock.now())
  await enqueueNext(deps, passed)
  return passed.length
}
