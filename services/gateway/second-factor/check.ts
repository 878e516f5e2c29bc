import type { Keyring } from '#shared/auth/encryption.ts'
import { factorInForce, openTotpSecret, recoveryHash, stepOf } from '#shared/auth/second-factor.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { SecondFactor, UserDoc } from '#shared/model/documents.ts'
import { takeRecoveryCode, takeStep } from '#shared/store/accounts/second-factors.ts'
import type { GatewayDeps } from '../deps.ts'

type Deps = Pick<GatewayDeps, 'store' | 'keyring' | 'now'>

/**
 * Whether a code of the authenticator app, or a recovery code, is right for a user whose second factor is in force. A right one is
 * used up. @throws ApiError 503 SECOND_FACTOR_UNREADABLE
 */
export async function checkCode(deps: Deps, user: UserDoc, code: string): Promise<boolean> {
  const factor = factorInForce(user)
  if (factor === null) return false
  const plain = code.replace(/\s/g, '')
  if (/^\d{6}$/.test(plain)) {
    const step = stepOf(secretOf(deps.keyring, user, factor), plain, factor.lastStep, deps.now())
    return step !== null && (await takeStep(deps.store, user, step))
  }
  return await takeRecoveryCode(deps.store, user, recoveryHash(plain))
}

/** @throws ApiError 503 SECOND_FACTOR_UNREADABLE when the key of the installation is missing or another one */
export function secretOf(keyring: Keyring | null, user: UserDoc, factor: SecondFactor): string {
  try {
    if (keyring !== null) return openTotpSecret(keyring, user, factor)
  } catch {
    // Said below, without what the secret looked like.
  }
  throw new ApiError(
    503,
    'SECOND_FACTOR_UNREADABLE',
    'The second factor cannot be checked: TOKEN_ENCRYPTION_KEY is missing or was changed. Tell the operator of this platform.',
  )
}
