import type { Keyring } from '#shared/auth/encryption.ts'
import { secretPlace } from '#shared/auth/encryption.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import { metaAppOf, webhookAddressOf } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'
import type { ConnectionJobDeps } from '../numbers/background-deps.ts'

/** Dependencies of the steps, in a request as in the background. */
export type OnboardingDeps = Pick<ConnectionJobDeps, 'store' | 'events' | 'meta' | 'app' | 'keyring' | 'log' | 'now' | 'webhook'>

/** @throws ApiError 409 KEY_MISSING: without a key no token can be stored */
export function onboardingDeps({ store, events, meta, config, keyring, log, now }: GatewayDeps): OnboardingDeps {
  if (keyring === null)
    throw new ApiError(409, 'KEY_MISSING', 'Numbers cannot be connected: the operator has not set TOKEN_ENCRYPTION_KEY.')
  const webhook = { url: webhookAddressOf(config), verifyToken: config.META_WEBHOOK_VERIFY_TOKEN ?? null }
  return { store, events, meta, app: metaAppOf(config), keyring, log, now, webhook }
}

type Place = Pick<ConnectionDoc, '_id' | 'tenantId'>
export type SealedField = 'code' | 'accessToken' | 'pin'

/** Encrypts a secret of a connection, so that it can be decrypted in its own row and field only. */
export const seal = (keyring: Keyring, { tenantId, _id }: Place, field: SealedField, secret: string): string =>
  keyring.encrypt(secret, secretPlace(tenantId, _id, field))

/** Decrypts a secret of a connection; null without one, and when no key opens it. */
export function unseal(
  keyring: Keyring,
  connection: Place & Pick<ConnectionDoc, SealedField>,
  field: SealedField,
): string | null {
  const sealed = connection[field]
  if (sealed === null || sealed === undefined) return null
  try {
    return keyring.decrypt(sealed, secretPlace(connection.tenantId, connection._id, field))
  } catch {
    return null
  }
}
