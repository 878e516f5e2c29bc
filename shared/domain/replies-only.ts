/** A number that WhatsApp lets answer but not write first. */
interface Restricted {
  repliesOnly?: { until: Date | null } | null
}

/** Whether it may only answer now. @param now MongoDB's time */
export const mayOnlyReply = ({ repliesOnly }: Restricted, now: Date): boolean =>
  repliesOnly != null && (repliesOnly.until === null || repliesOnly.until > now)

const RECHECK_MS = 60_000

/** When what may not go yet is looked at again: at the end, and now and then before, for it may end sooner. */
export function restrictedUntil({ repliesOnly }: Restricted, now: Date): Date {
  const soon = now.getTime() + RECHECK_MS
  return new Date(Math.min(soon, repliesOnly?.until?.getTime() ?? soon))
}
