import type { z } from 'zod'
import { can } from '#shared/auth/policy.ts'
import { AccountLocked, accountLockedChannel } from '#shared/contracts/account-locked.ts'
import { AvailabilityChanged, availabilityChannel } from '#shared/contracts/availability.ts'
import { Revocation, revocationChannel } from '#shared/contracts/revocation.ts'
import type { Logger } from '#shared/process/logger.ts'
import { forgetTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { endRevoked } from './background/end-revoked.ts'
import type { RedisPair } from './redis.ts'
import { type LinkoServer, type LinkoSocket, localSockets } from './socket-types.ts'

export interface NoticeDeps {
  io: LinkoServer
  store: Store
  redis: Pick<RedisPair, 'subscriber'>
  log: Logger
}

/**
 * Subscribes to the notices that the gateway publishes through Redis: revocations, which end sessions within a second, changes
 * of availability, and locks of accounts. While Redis is away, a background job ends revoked sessions within seconds.
 */
export function subscribeToNotices(deps: NoticeDeps): Disposable {
  const { subscriber } = deps.redis
  const database = deps.store.connection.name
  const [revocations, availabilities] = [revocationChannel(database), availabilityChannel(database)]
  const locks = accountLockedChannel(database)
  const onMessage = (channel: string, text: string) => {
    if (channel === revocations) onRevocation(deps, parse(Revocation, text))
    if (channel === availabilities) onAvailability(deps, parse(AvailabilityChanged, text))
    if (channel === locks) onLocked(deps, parse(AccountLocked, text))
  }
  subscriber.on('message', onMessage)
  subscriber.subscribe(revocations, availabilities, locks).catch(error => deps.log.warn({ err: error }, 'notices not subscribed'))
  return { [Symbol.dispose]: () => void subscriber.off('message', onMessage) }
}

function onRevocation({ io, store, log }: NoticeDeps, revoked: Revocation | null): void {
  if (revoked === null) return
  // What this process remembers of the tenant is from before.
  if (revoked.userId === null) forgetTenant(store, revoked.tenantId)
  const isRevoked = ({ data: { access } }: LinkoSocket) =>
    access.homeTenantId === revoked.tenantId && (revoked.userId === null || access.userId === revoked.userId)
  endRevoked(store, localSockets(io).filter(isRevoked)).catch(error => log.warn({ err: error }, 'revocation not applied'))
}

function onAvailability({ io }: NoticeDeps, changed: AvailabilityChanged | null): void {
  if (changed === null) return
  const { tenantId, userId, name, availability } = changed
  const payload = { userId, user: { id: userId, name }, status: 'availability' as const, availability, conversationId: null }
  io.local.to(`tenant:${tenantId}`).emit('presence', { ...payload, at: new Date().toISOString() })
}

/** Tells the owner of the account and those who may manage the tenant's users. */
function onLocked({ io }: NoticeDeps, locked: AccountLocked | null): void {
  if (locked === null) return
  const { tenantId, userId, name, scope, at, until } = locked
  const concerns = ({ data: { access } }: LinkoSocket) =>
    access.tenantId === tenantId && (access.userId === userId || can(access.role, 'users.write'))
  const payload = { userId, user: { id: userId, name }, scope, at, until }
  for (const socket of localSockets(io).filter(concerns)) socket.emit('account:locked', payload)
}

function parse<T extends z.ZodType>(schema: T, text: string): z.infer<T> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
