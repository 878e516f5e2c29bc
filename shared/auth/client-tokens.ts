import type { ClientDoc } from '../model/documents.ts'
import { type Store, trusted } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import { type Keyring, secretPlace } from './encryption.ts'

type Place = Pick<ClientDoc, '_id' | 'tenantId'>

/** Encrypts a number's access token, so that it can be decrypted in its own row only. */
export function sealAccessToken(keyring: Keyring, client: Place, token: string): string {
  return keyring.encrypt(token, placeOf(client))
}

/** Decrypts a number's token; null when it has none. @throws DecryptionFailed: the number cannot send, pause it (`token`) */
export function openAccessToken(keyring: Keyring, client: Place & Pick<ClientDoc, 'accessToken'>): string | null {
  return client.accessToken === null ? null : keyring.decrypt(client.accessToken, placeOf(client))
}

/**
 * Encrypts again every stored secret that is not under the first key or has an older format: tokens and PINs of numbers, and what
 * connections hold that are not finished. A secret that changes meanwhile is left. `unreadable` counts those that no key decrypts: if
 * that is all of them at a start, the key is wrong. A dry run counts and writes nothing.
 */
export async function rewriteAccessTokens(
  store: Store,
  keyring: Keyring,
  { isDryRun = false }: { isDryRun?: boolean } = {},
): Promise<Rewritten> {
  const { clients, connections } = store.models
  const outcome = { total: 0, rewritten: 0, unreadable: 0 }
  await acrossTenants(async () => {
    for (const field of ['accessToken', 'twoStepPin', 'nextTwoStepPin'] as const)
      for await (const row of clients.find(holding(field), shown(field)).lean<Sealed>().cursor())
        await rewrite(keyring, outcome, { row, field, isDryRun }, (before, after) =>
          clients.updateOne({ _id: row._id, [field]: before }, { $set: { [field]: after } }),
        )
    for (const field of ['code', 'accessToken', 'pin'] as const)
      for await (const row of connections.find(holding(field), shown(field)).lean<Sealed>().cursor())
        await rewrite(keyring, outcome, { row, field, isDryRun }, (before, after) =>
          connections.updateOne({ _id: row._id, [field]: before }, { $set: { [field]: after } }),
        )
  })
  return outcome
}

const holding = (field: string) => ({ [field]: trusted({ $gt: '' }) })
const shown = (field: string) => ({ tenantId: 1, [field]: 1 })

/** A row with the one secret that was asked for. */
type Sealed = Place & Record<string, unknown>

interface Rewritten {
  total: number
  rewritten: number
  unreadable: number
}
type Replace = (before: string, after: string) => PromiseLike<{ modifiedCount: number }>

async function rewrite(
  keyring: Keyring,
  outcome: Rewritten,
  { row, field, isDryRun }: { row: Sealed; field: string; isDryRun: boolean },
  replace: Replace,
): Promise<void> {
  const secret = row[field]
  if (typeof secret !== 'string') return
  outcome.total++
  const place = secretPlace(row.tenantId, row._id, field)
  const plain = decrypted(keyring, secret, place)
  if (plain === null) outcome.unreadable++
  else if (!isDryRun && keyring.needsRewrite(secret))
    outcome.rewritten += (await replace(secret, keyring.encrypt(plain, place))).modifiedCount
}

/** A stored secret; null when no key of the keyring opens it. */
function decrypted(keyring: Keyring, secret: string, place: string): string | null {
  try {
    return keyring.decrypt(secret, place)
  } catch {
    return null
  }
}

/** The number's token; null without one, and when no key of the keyring opens it. */
export function tokenOf(keyring: Keyring, client: Place & Pick<ClientDoc, 'accessToken'>): string | null {
  try {
    return openAccessToken(keyring, client)
  } catch {
    return null
  }
}

/** Encrypts the PIN of a number's two-step verification, for its own row only. */
export const sealPin = (keyring: Keyring, { tenantId, _id }: Place, pin: string): string =>
  keyring.encrypt(pin, secretPlace(tenantId, _id, 'twoStepPin'))

/** Decrypts a number's PIN; null without one, and when no key of the keyring opens it. */
export function openPin(keyring: Keyring, { tenantId, _id, twoStepPin }: Place & Pick<ClientDoc, 'twoStepPin'>): string | null {
  return twoStepPin == null ? null : decrypted(keyring, twoStepPin, secretPlace(tenantId, _id, 'twoStepPin'))
}

/** Encrypts a PIN that Meta has not confirmed yet. */
export const sealNextPin = (keyring: Keyring, { tenantId, _id }: Place, pin: string): string =>
  keyring.encrypt(pin, secretPlace(tenantId, _id, 'nextTwoStepPin'))

/** Decrypts a PIN that Meta has not confirmed yet; null without one, and when no key of the keyring opens it. */
export const openNextPin = (
  keyring: Keyring,
  { tenantId, _id, nextTwoStepPin }: Place & Pick<ClientDoc, 'nextTwoStepPin'>,
): string | null =>
  nextTwoStepPin == null ? null : decrypted(keyring, nextTwoStepPin, secretPlace(tenantId, _id, 'nextTwoStepPin'))

const placeOf = (client: Place) => secretPlace(client.tenantId, client._id, 'accessToken')
