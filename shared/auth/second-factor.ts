import { createHash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import type { SecondFactor, UserDoc } from '../model/documents.ts'
import { type Store, trusted } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import { type Keyring, secretPlace } from './encryption.ts'

/** As every authenticator app expects it (RFC 6238): SHA-1, six digits, a new code every 30 s. */
const PERIOD_S = 30
const FORM = { algorithm: 'SHA1', digits: 6, period: PERIOD_S } as const
/** Codes before and after the present one that are accepted too: clocks differ, and people are slow. */
const WINDOW = 1
const RECOVERY_CODES = 10
const RECOVERY_BYTES = 10

/** A new secret of 160 bits in base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/** What an authenticator app needs to take a secret over: an `otpauth:` address, and the same as a QR code. */
export function enrolment(secret: string, account: { email: string; issuer: string }): { url: string; qrSvg: string } {
  const { email: label, issuer } = account
  const url = new TOTP({ ...FORM, secret: Secret.fromBase32(secret), label, issuer }).toString()
  return { url, qrSvg: renderSVG(url, { ecc: 'M', border: 4 }) }
}

/** Time step of a right code; null for a wrong one, and for one that is not later than the last that was accepted. */
export function stepOf(secret: string, code: string, lastStep: number, now: Date): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const totp = new TOTP({ ...FORM, secret: Secret.fromBase32(secret) })
  const delta = totp.validate({ token: code, timestamp: now.getTime(), window: WINDOW })
  if (delta === null) return null
  const step = Math.floor(now.getTime() / (PERIOD_S * 1000)) + delta
  return step > lastStep ? step : null
}

/** New recovery codes of 80 bits, in groups that people can copy, and their hashes. */
export function newRecoveryCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    randomBytes(RECOVERY_BYTES)
      .toString('hex')
      .replace(/(.{5})(?!$)/g, '$1-'),
  )
  return { codes, hashes: codes.map(recoveryHash) }
}

/** Hash of a recovery code, however it is grouped and written. */
export const recoveryHash = (code: string): string =>
  createHash('sha256')
    .update(code.toLowerCase().replace(/[^0-9a-f]/g, ''))
    .digest('hex')

/** The second factor of a user if it is in force, not only begun; null without one. */
export const factorInForce = (user: Pick<UserDoc, 'secondFactor'>): SecondFactor | null =>
  user.secondFactor?.confirmedAt ? user.secondFactor : null

/**
 * Whether a user has to set up a second factor before anything else: their company asks for it, and they sign in with a password.
 * For users of an identity provider that provider asks.
 */
export const lacksSecondFactor = (
  user: Pick<UserDoc, 'secondFactor' | 'passwordHash'>,
  settings: { requireSecondFactor?: boolean | undefined },
): boolean => settings.requireSecondFactor === true && user.passwordHash !== null && factorInForce(user) === null

type Owner = Pick<UserDoc, '_id' | 'tenantId'>

export const sealTotpSecret = (keyring: Keyring, user: Owner, secret: string): string => keyring.encrypt(secret, placeOf(user))

/** @throws DecryptionFailed */
export const openTotpSecret = (keyring: Keyring, user: Owner, { secret }: Pick<SecondFactor, 'secret'>): string =>
  keyring.decrypt(secret, placeOf(user))

const placeOf = ({ tenantId, _id }: Owner) => secretPlace(tenantId, _id, 'secondFactor')

/** Encrypts again every secret that is not under the first key. `unreadable` counts those that no key decrypts. */
export async function rewriteTotpSecrets(
  store: Store,
  keyring: Keyring,
): Promise<{ total: number; rewritten: number; unreadable: number }> {
  const outcome = { total: 0, rewritten: 0, unreadable: 0 }
  await acrossTenants(async () => {
    const users = store.models.users
      .find({ 'secondFactor.secret': trusted({ $gt: '' }) }, { tenantId: 1, secondFactor: 1 })
      .lean()
      .cursor()
    for await (const user of users) {
      const { secondFactor } = user
      if (!secondFactor) continue
      outcome.total++
      if (!keyring.needsRewrite(secondFactor.secret)) continue
      const secret = readable(keyring, user, secondFactor)
      if (secret === null) {
        outcome.unreadable++
        continue
      }
      const filter = { _id: user._id, 'secondFactor.secret': secondFactor.secret }
      const $set = { 'secondFactor.secret': sealTotpSecret(keyring, user, secret) }
      outcome.rewritten += (await store.models.users.updateOne(filter, { $set }, { timestamps: false })).modifiedCount
    }
  })
  return outcome
}

function readable(keyring: Keyring, user: Owner, factor: SecondFactor): string | null {
  try {
    return openTotpSecret(keyring, user, factor)
  } catch {
    return null
  }
}
