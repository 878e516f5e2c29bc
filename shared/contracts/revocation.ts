import { z } from 'zod'

/**
 * Message on Redis that asks the realtime service to check the sockets of a user, or of a whole tenant: a user or tenant was
 * disabled, or a tokenVersion was raised. A hint: realtime reads MongoDB before it closes a socket, and checks every few seconds
 * anyway.
 */
export const Revocation = z.object({ tenantId: z.string(), userId: z.string().nullable() })
export type Revocation = z.infer<typeof Revocation>

/** @param database name of the MongoDB database: two installations may share one Redis. */
export const revocationChannel = (database: string) => `linko:${database}:revoked`
