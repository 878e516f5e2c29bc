/** Reason for which a message waits, and since when. */
export interface OpenWait {
  reason: string
  since: Date
}

/** Total wait for one reason between two attempts, over `times` waits. */
export interface Wait extends OpenWait {
  ms: number
  times: number
}

/** Most timeline entries of a message; the latest are kept, so that a message that waits for days does not grow without bound. */
export const MAX_TIMELINE = 200

/**
 * Waits since the last attempt, one for each reason, in the order in which they began. The open one counts as ended at `until`.
 */
export function waitsUntil(closed: readonly Wait[], open: OpenWait | null | undefined, until: Date): Wait[] {
  const all = open ? closeWait(closed, open, until) : [...closed]
  return all.toSorted((a, b) => a.since.getTime() - b.since.getTime())
}

/** Adds the open wait to the closed ones of its reason. `waitingFor` in the store does the same as a MongoDB expression. */
function closeWait(closed: readonly Wait[], { reason, since }: OpenWait, until: Date): Wait[] {
  const before = closed.find(wait => wait.reason === reason)
  const ms = (before?.ms ?? 0) + Math.max(0, until.getTime() - since.getTime())
  const joined = { reason, since: before?.since ?? since, ms, times: (before?.times ?? 0) + 1 }
  return [...closed.filter(wait => wait !== before), joined]
}
