import { passwordProblem } from '#shared/auth/password-rules.ts'
import { hashPassword, verifyPassword } from '#shared/auth/passwords.ts'
import { revokeUserTokens } from '#shared/auth/refresh-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { getUser, raiseTokenVersion, replacePasswordHash } from '#shared/store/accounts/users.ts'
import type { GatewayDeps } from '../deps.ts'
import { guess } from './guess.ts'
import { announceRevocation } from './revocation.ts'
import { requirePasswords } from './sign-in.ts'
import { weakPassword } from './weak-password.ts'

interface PasswordChange {
  currentPassword: string
  newPassword: string
}

/**
 * Changes a user's password and ends all their sessions. Wrong current passwords count like wrong passwords of sign-ins.
 * @throws ApiError 422 PASSWORD_WRONG or PASSWORD_WEAK, 409, 429 RATE_LIMITED or LOGIN_LOCKED, 503 SIGN_IN_BUSY
 */
export async function changePassword(
  deps: GatewayDeps,
  { tenantId, id, ip }: { tenantId: string; id: string; ip: string },
  { currentPassword, newPassword }: PasswordChange,
): Promise<void> {
  requirePasswords(deps.config)
  const user = await getUser(deps.store, tenantId, id)
  const check = async () => ((await verifyPassword(user.passwordHash ?? '', currentPassword)).ok ? user : null)
  if ((await guess(deps, { email: user.email, ip }, check)) === null)
    throw new ApiError(422, 'PASSWORD_WRONG', 'The current password is wrong.')
  const problem = passwordProblem(newPassword, user)
  if (problem !== null) throw weakPassword('newPassword', problem)
  if (!(await replacePasswordHash(deps.store, user, await hashPassword(newPassword))))
    throw new ApiError(409, 'CONFLICT', 'The password was changed by another request. Sign in again.')
  await raiseTokenVersion(deps.store, tenantId, id)
  await revokeUserTokens(deps.store, tenantId, id)
  await announceRevocation(deps, { tenantId, userId: id })
}
