import { PRIORITIES } from '#shared/domain/messages/priority.ts'
import { oldestWaiting, sendBacklog } from '#shared/process/metrics.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { countAllBacklog } from '#shared/store/dispatch/backlog.ts'

/** Sets the gauges of waiting messages, by priority and reason, and of the age of the oldest. @throws Outage */
export async function measureBacklog({ store, clock }: { store: Store; clock: ServerClock }): Promise<void> {
  const groups = await countAllBacklog(store)
  clearBacklogGauges()
  const now = clock.now().getTime()
  for (const priority of PRIORITIES) {
    const own = groups.filter(group => group.priority === priority)
    for (const { reason, count } of own) sendBacklog.inc({ priority, reason }, count)
    const since = own.flatMap(({ reason, oldestAt }) => (reason === 'scheduled' ? [] : oldestAt.getTime()))
    oldestWaiting.set({ priority }, since.length === 0 ? 0 : Math.max(0, now - Math.min(...since)) / 1000)
  }
}

/** Clears the gauges of a process that has lost the lease: the leader measures for all, so old values would count twice. */
export function clearBacklogGauges(): void {
  sendBacklog.reset()
  oldestWaiting.reset()
}
