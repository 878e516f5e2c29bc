export const HOUR_MS = 3_600_000

/** What is left of a customer service window (ms); 0 when it is closed. */
export const leftOf = (expiresAt: string | null, now: number): number =>
  expiresAt === null ? 0 : Math.max(0, Date.parse(expiresAt) - now)
