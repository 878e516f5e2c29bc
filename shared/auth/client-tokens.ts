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
 * Encrypts again every token that is not under the first key or has an older format; a token that changes meanwhile is left.
 * `unreadable` counts tokens that no key decrypts: if that is all of them at a start, the key is wrong.
 */
export async function rewriteAccessTokens(
  store: Store,
  keyring: Keyring,
): Promise<{ total: number; rewritten: number; unreadable: number }> {
  const outcome = { total: 0, rewritten: 0, unreadable: 0 }
  await acrossTenants(async () => {
    const clients = store.models.clients
      .find({ accessToken: trusted({ $gt: '' }) }, { tenantId: 1, accessToken: 1 })
      .lean()
      .cursor()
    for await (const client of clients) {
      outcome.total++
      const token = tokenOf(keyring, client)
      if (token === null) outcome.unreadable++
      else if (keyring.needsRewrite(client.accessToken as string)) {
        const filter = { _id: client._id, accessToken: client.accessToken }
        const result = await store.models.clients.updateOne(filter, {
          $set: { accessToken: sealAccessToken(keyring, client, token) },
        })
        outcome.rewritten += result.modifiedCount
      }
    }
  })
  return outcome
}

/** The number's token; null without one, and when no key of the keyring opens it. */
export function tokenOf(keyring: Keyring, client: Place & Pick<ClientDoc, 'accessToken'>): string | null {
  try {
    return openAccessToken(keyring, client)
  } catch {
    return null
  }
}

const placeOf = (client: Place) => secretPlace(client.tenantId, client._id, 'accessToken')
