import { createLink, type NewLink } from '#shared/auth/account-links.ts'
import { passwordProblem } from '#shared/auth/password-rules.ts'
import { hashPassword } from '#shared/auth/passwords.ts'
import { callerOf, type RouteRequest } from '#shared/http/route.ts'
import type { Id, Role, UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { insertUser } from '#shared/store/accounts/people.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findUser } from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { weakPassword } from '../accounts/weak-password.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, type Once } from '../idempotency.ts'
import { requireRank } from './rules.ts'

export interface NewPerson {
  email: string
  name: string
  role: Role
  /** Without one the answer has a link by which the person chooses it. */
  password?: string | undefined
}

type Asked = RouteRequest<unknown, unknown, unknown>

/**
 * Adds a user to a tenant, with a password or with the link of an invitation.
 * @throws ApiError 403 ROLE_TOO_HIGH, 404 for an unknown tenant, 409 EMAIL_TAKEN, 422 PASSWORD_WEAK
 */
export async function createPerson(
  request: Asked,
  deps: GatewayDeps,
  { tenantId, once }: { tenantId: string; once: Once },
  { password, ...person }: NewPerson,
): Promise<{ user: UserDoc; link: NewLink | null }> {
  const caller = callerOf(request)
  requireRank(caller, person.role)
  const { _id } = await getTenant(deps.store, tenantId)
  const passwordHash = password === undefined ? null : await acceptedHash(password, person)
  const by = caller.kind === 'user' ? toId(caller.id) : null
  let link: NewLink | null = null
  return await asTenant(_id, async () => {
    const status = passwordHash === null ? ('invited' as const) : ('active' as const)
    const entry = audited<UserDoc>(request, deps, user => createdEntry(user))
    const user = await createOnce(
      once,
      id => findUser(deps.store, _id, id),
      id =>
        insertUser(
          deps.store,
          { ...person, _id: id, tenantId: _id, status, passwordHash, createdBy: by },
          async (created, session) => {
            link = passwordHash === null ? await createLink(deps.store, created, { by, now: deps.now() }, session) : null
            await entry(created, session)
          },
        ),
    )
    // Created by an attempt that did not come to its answer: nobody has seen its link.
    if (user.status === 'invited' && link === null) link = await newLinkFor(request, deps, user)
    return { user, link }
  })
}

export const createdEntry = (user: UserDoc) => ({
  action: 'users.create',
  object: { kind: 'user', id: String(user._id) },
  changes: { email: { before: null, after: user.email }, role: { before: null, after: user.role } },
  tenantId: user.tenantId,
})

/** A new link for a user; earlier ones end. */
export async function newLinkFor(request: Asked, deps: GatewayDeps, user: UserDoc): Promise<NewLink> {
  const { kind, id } = callerOf(request)
  const by: Id | null = kind === 'user' ? toId(id) : null
  const entry = audited<NewLink>(request, deps, ({ purpose }) => ({
    action: 'users.link',
    object: { kind: 'user', id: String(user._id) },
    changes: { purpose: { before: null, after: purpose } },
    tenantId: user.tenantId,
  }))
  return await deps.store.transaction(async session => {
    const link = await createLink(deps.store, user, { by, now: deps.now() }, session)
    await entry(link, session)
    return link
  })
}

/** Hash of a new password that the rules accept. @throws ApiError 422 PASSWORD_WEAK, 503 SIGN_IN_BUSY */
export async function acceptedHash(
  password: string,
  about: { email: string; name: string },
  field = 'password',
): Promise<string> {
  const problem = passwordProblem(password, about)
  if (problem === null) return await hashPassword(password)
  throw weakPassword(field, problem)
}
