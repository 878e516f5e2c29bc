/** Why a message stands still, since when. */
export interface OpenWait {
  reason: string
  since: Date
}

/** How long it stood still for one reason between two attempts, however often. */
export interface Wait extends OpenWait {
  ms: number
  times: number
}

/** A message keeps so many steps of its life, the latest ones: what waits for days must not grow without end. */
export const MAX_TIMELINE = 200

/**
 * The waits since the last attempt, the open one as if it ended at `until`; one for each reason, in the order in which they
 * began. As many as there are reasons at most.
 */
export function waitsUntil(closed: readonly Wait[], open: OpenWait | null | undefined, until: Date): Wait[] {
  const all = open ? closeWait(closed, open, until) : [...closed]
  return all.toSorted((a, b) => a.since.getTime() - b.since.getTime())
}

/** The open one joins those of its reason. `waitingFor` in the store says the same in MongoDB's words. */
function closeWait(closed: readonly Wait[], { reason, since }: OpenWait, until: Date): Wait[] {
  const before = closed.find(wait => wait.reason === reason)
  const ms = (before?.ms ?? 0) + Math.max(0, until.getTime() - since.getTime())
  const joined = { reason, since: before?.since ?? since, ms, times: (before?.times ?? 0) + 1 }
  return [...closed.filter(wait => wait !== before), joined]
}
