import type { MessageDoc } from '#shared/model/documents.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { releaseSuccessors } from '#shared/store/dispatch/follow-ups.ts'
import { isProjected, type Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import { settleOne } from '#shared/store/dispatch/sweeps.ts'
import type { Publishing } from '../publishing.ts'

interface Deps {
  store: Store
  publishing: Publishing
  clock: ServerClock
}

/** Writes the outcome of a message that a sweep found, unless it has moved on meanwhile. @throws Outage */
export async function conclude(deps: Deps, settlement: Settlement): Promise<void> {
  const events = await settleOne(deps.store, settlement)
  if (events === null) return
  await deps.publishing.publish(events)
  if (isProjected(settlement)) deps.publishing.project([settlement.message])
  if (settlement.step.kind === 'failed') await enqueueNext(deps, [settlement.message])
}

/** Enqueues the next message of each conversation. @throws Outage */
export async function enqueueNext({ store, publishing, clock }: Deps, done: MessageDoc[]): Promise<void> {
  publishing.enqueue(await releaseSuccessors(store, done, clock.now()))
}
