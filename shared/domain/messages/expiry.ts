/** The longest time after which a message of its own may expire, from when it may be sent. */
export const MAX_EXPIRY_MS = 30 * 24 * 60 * 60 * 1000

/** What a message says of its expiry. */
export interface Expiring {
  /** When it was accepted. */
  createdAt: Date
  /** When it may be sent first; null: at once. */
  sendAt: Date | null
  /** After this time it is not sent any more; absent or null: its sender gave none. */
  expiresAt?: Date | null
}

/** Whether the time that its sender gave a message has passed. No call is made for it then. */
export const hasExpired = ({ expiresAt }: Pick<Expiring, 'expiresAt'>, now: Date): boolean =>
  expiresAt != null && expiresAt <= now

/**
 * When a waiting message is given up by its tenant's longest wait, which counts from the time at which it was due.
 * @param deadlineAt another end of the wait, as after a pause of its number
 */
export const waitEndsAt = ({ createdAt, sendAt }: Expiring, deadlineAt: Date | null, maxWaitMs: number): Date =>
  deadlineAt ?? new Date((sendAt ?? createdAt).getTime() + maxWaitMs)

/** What is wrong with the expiry that a sender gives; null: nothing. @param dueAt when the message may be sent first */
export function expiryProblem(expiresAt: Date, dueAt: Date): 'past' | 'too-far' | null {
  if (expiresAt <= dueAt) return 'past'
  return expiresAt.getTime() - dueAt.getTime() > MAX_EXPIRY_MS ? 'too-far' : null
}
