import { type Revocation, revocationChannel } from '#shared/contracts/revocation.ts'
import type { GatewayDeps } from '../deps.ts'

/**
 * Announces to realtime that sessions of a user, or of a whole tenant (`userId` null), have ended. Realtime also checks by itself: a
 * lost announcement only delays.
 */
export async function announceRevocation(
  { redis, store, log }: Pick<GatewayDeps, 'redis' | 'store' | 'log'>,
  revocation: Revocation,
): Promise<void> {
  await redis
    .publish(revocationChannel(store.connection.name), JSON.stringify(revocation))
    .catch(error => log.warn({ err: error }, 'session revocation not published'))
}
