import { mayGrant } from '#shared/auth/policy.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Role, UserDoc } from '#shared/model/documents.ts'
import type { UserChange } from '#shared/store/accounts/people.ts'

/** Who asks for a change of a person. */
export interface Actor {
  id: string
  role: Role
}

/** @throws ApiError 403 ROLE_TOO_HIGH: nobody gives a role above their own, or changes somebody who has one */
export function requireRank(actor: Pick<Actor, 'role'>, role: Role): void {
  if (!mayGrant(actor.role, role))
    throw new ApiError(403, 'ROLE_TOO_HIGH', 'The role is above your own. Ask somebody who has it.')
}

/**
 * What an admin does for somebody without asking for that person's password or code, nobody does for themselves: whoever got hold of
 * a session would make the account their own. @throws ApiError 409 OWN_ACCOUNT
 */
export function requireOther(actor: Pick<Actor, 'id'>, user: Pick<UserDoc, '_id'>, detail: string): void {
  if (String(user._id) === actor.id) throw new ApiError(409, 'OWN_ACCOUNT', detail)
}

/**
 * Whether an actor may make a change: nobody above their own role, not their own role or status, and never the last tenant admin
 * who can sign in. @throws ApiError 403 ROLE_TOO_HIGH, 409 OWN_ACCOUNT, LAST_ADMIN
 */
export function requireChange(actor: Actor, before: UserDoc, change: UserChange, hasOtherAdmin: boolean): void {
  requireRank(actor, before.role)
  if (change.role !== undefined) requireRank(actor, change.role)
  const role = change.role ?? before.role
  const isActive = (change.status ?? before.status) === 'active' && !change.deletedAt
  const isSame = role === before.role && isActive === (before.status === 'active')
  if (isSame && !change.deletedAt) return
  requireOther(actor, before, 'You cannot change your own role, or disable or delete yourself. Ask another admin.')
  const wasAdmin = before.role === 'tenant_admin' && before.status === 'active'
  if (wasAdmin && !(role === 'tenant_admin' && isActive) && !hasOtherAdmin)
    throw new ApiError(
      409,
      'LAST_ADMIN',
      'This is the last admin of the account who can sign in. Make somebody else an admin first.',
    )
}

/** Status of a user whom an admin enables: without a password they follow a link first. */
export const enabledStatus = ({ passwordHash }: Pick<UserDoc, 'passwordHash'>): UserDoc['status'] =>
  passwordHash === null ? 'invited' : 'active'
