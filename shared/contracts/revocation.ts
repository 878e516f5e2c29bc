import { z } from 'zod'

/**
 * "Look again at these sockets": published to Redis by whoever disables a user or a tenant or raises a tokenVersion. A hint,
 * not an order: realtime asks MongoDB before it closes anything, and looks by itself every few seconds anyway.
 */
export const Revocation = z.object({ tenantId: z.string(), userId: z.string().nullable() })
export type Revocation = z.infer<typeof Revocation>

/** @param database name of the MongoDB database: two installations may share one Redis. */
export const revocationChannel = (database: string) => `linko:${database}:revoked`
