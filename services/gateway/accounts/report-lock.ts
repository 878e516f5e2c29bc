import { type AccountLocked, accountLockedChannel } from '#shared/contracts/account-locked.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { findUserByEmail, markLocked } from '#shared/store/accounts/users.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Lock } from './lockout.ts'

/**
 * Tells the owner of an account that it was locked: an entry of the audit log, a mark that the next sign-in shows, and a notice to
 * the sockets of the user and of the tenant's admins. Unknown addresses have nobody to tell. Runs beside the refusal, whose
 * time must not tell whether the address exists.
 */
export function reportLock(deps: GatewayDeps, { email, ip, lock }: { email: string; ip: string; lock: Lock }): void {
  report(deps, email, ip, lock).catch(error =>
    deps.log.warn({ err: error, scope: lock.scope }, 'lock of an account not reported'),
  )
}

async function report({ store, redis, log, now }: GatewayDeps, email: string, ip: string, lock: Lock): Promise<void> {
  const user = await findUserByEmail(store, email)
  if (user === null || user.deletedAt) return
  const at = now()
  const until = new Date(at.getTime() + lock.leftMs)
  await audit(store, {
    tenantId: user.tenantId,
    actor: { kind: 'system', id: null, name: null },
    action: 'users.locked',
    object: { kind: 'user', id: String(user._id) },
    changes: { lockScope: { before: null, after: lock.scope }, lockedUntil: { before: null, after: until } },
    ip,
  })
  await markLocked(store, user, at)
  const [tenantId, userId] = [String(user.tenantId), String(user._id)]
  log.warn({ tenantId, userId, scope: lock.scope }, 'account locked')
  const notice: AccountLocked = {
    ...{ tenantId, userId, name: user.name, scope: lock.scope },
    ...{ at: at.toISOString(), until: until.toISOString() },
  }
  await redis
    .publish(accountLockedChannel(store.connection.name), JSON.stringify(notice))
    .catch(error => log.warn({ err: error }, 'notice of a lock not published'))
}
