import { z } from 'zod'

/**
 * Message on Redis after somebody guessed too often at a user's password; every realtime node emits it as `account:locked` to that
 * user and to the admins of the tenant. Not durable: the audit log has an entry, and the user's next sign-in says when it was.
 */
export const AccountLocked = z.object({
  tenantId: z.string(),
  userId: z.string(),
  name: z.string(),
  /** `network`: sign-ins from the guesser's network are refused; `account`: everybody's sign-ins to this account are. */
  scope: z.enum(['network', 'account']),
  at: z.iso.datetime(),
  until: z.iso.datetime(),
})
export type AccountLocked = z.infer<typeof AccountLocked>

/** @param database name of the MongoDB database: two installations may share one Redis. */
export const accountLockedChannel = (database: string) => `linko:${database}:account-locked`
