import { type RoleClaims, roleOfClaims } from '#shared/auth/role-claim.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Role, UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { type AuditEntry, audit, changesOf } from '#shared/store/accounts/audit.ts'
import { bindIdentity, insertUser } from '#shared/store/accounts/people.ts'
import { findUserByEmail, findUserByIdentity } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { Session } from '#shared/store/transaction.ts'
import { isAllowedIn } from '../accounts/sign-in.ts'

export interface SignedInElsewhere {
  issuer: string
  claims: Record<string, unknown> & { sub: string }
  roles: RoleClaims
  /** Tenant of people whom nobody has invited; null: they are refused. */
  tenantId: string | null
  ip: string
}

/**
 * The user whom an identity provider names: by its own id of them, else by their address, which it must not call unverified. Their
 * role follows the provider's, if it keeps the roles.
 * @throws ApiError 403 OIDC_EMAIL, OIDC_ROLE, OIDC_UNKNOWN, OIDC_OTHER, USER_DISABLED, TENANT_INACTIVE
 */
export async function accountOf(store: Store, who: SignedInElsewhere): Promise<UserDoc> {
  const { issuer, claims, roles, tenantId } = who
  const role = roleOfClaims(claims, roles)
  if (roles.claim !== null && role === null)
    throw new ApiError(403, 'OIDC_ROLE', 'Your account at the identity provider has no role on this platform.')
  const identity = { issuer, subject: claims.sub }
  const known = (await findUserByIdentity(store, identity)) ?? (await findUserByEmail(store, emailOf(claims)))
  if (known === null || known.deletedAt) {
    if (tenantId === null)
      throw new ApiError(403, 'OIDC_UNKNOWN', 'Nobody has invited your address to this platform. Ask your administrator.')
    return await addUser(store, who, tenantId, role ?? 'agent')
  }
  return await admit(store, known, identity, role, who.ip)
}

function emailOf({ email, email_verified: isVerified }: Record<string, unknown>): string {
  if (typeof email === 'string' && email.includes('@') && isVerified !== false && isVerified !== 'false') return email
  throw new ApiError(403, 'OIDC_EMAIL', 'The identity provider has given no verified e-mail address for you.')
}

async function admit(
  store: Store,
  user: UserDoc,
  identity: { issuer: string; subject: string },
  role: Role | null,
  ip: string,
): Promise<UserDoc> {
  if (user.status === 'disabled') throw new ApiError(403, 'USER_DISABLED', 'Your account on this platform is disabled.')
  const bound = user.identity
  if (bound && (bound.issuer !== identity.issuer || bound.subject !== identity.subject))
    throw new ApiError(
      403,
      'OIDC_OTHER',
      'Your address belongs to another account at the identity provider. Ask your administrator.',
    )
  if (!(await isAllowedIn(store, { ...user, role: role ?? user.role })))
    throw new ApiError(403, 'TENANT_INACTIVE', 'This account is not active. Contact the operator of this platform.')
  const change = { identity, status: 'active' as const, role: role ?? user.role }
  if (bound && user.status === change.status && user.role === change.role) return user
  return await asTenant(user.tenantId, () =>
    bindIdentity(store, user, change, (after, session) => record(store, { before: user, after, ip }, session)),
  )
}

async function addUser(store: Store, who: SignedInElsewhere, tenantId: string, role: Role): Promise<UserDoc> {
  const { issuer, claims, ip } = who
  const email = emailOf(claims).trim().toLowerCase()
  const name = typeof claims.name === 'string' && claims.name.trim() !== '' ? claims.name.trim().slice(0, 100) : email
  const fields = { tenantId: toId(tenantId), email, name, role, status: 'active', passwordHash: null, createdBy: null } as const
  return await asTenant(tenantId, () =>
    insertUser(store, { ...fields, identity: { issuer, subject: claims.sub } }, (after, session) =>
      record(store, { before: null, after, ip }, session),
    ),
  )
}

async function record(
  store: Store,
  { before, after, ip }: { before: UserDoc | null; after: UserDoc; ip: string },
  session: Session,
): Promise<void> {
  const entry: AuditEntry = {
    tenantId: after.tenantId,
    actor: { kind: 'system', id: null, name: 'identity provider' },
    action: before === null ? 'users.create' : 'users.update',
    object: { kind: 'user', id: String(after._id) },
    changes: changesOf(before, after, ['email', 'role', 'status', 'identity']),
    ip,
  }
  await audit(store, entry, { session })
}
