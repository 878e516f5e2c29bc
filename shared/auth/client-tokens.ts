import type { ClientDoc } from '../model/documents.ts'
import { type Store, trusted } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import { type Keyring, secretPlace } from './encryption.ts'

type Place = Pick<ClientDoc, '_id' | 'tenantId'>

/** Meta's token of a number, as `accessToken` is stored: readable in its own row only. */
export function sealAccessToken(keyring: Keyring, client: Place, token: string): string {
  return keyring.encrypt(token, placeOf(client))
}

/** Null when the number has none. @throws DecryptionFailed: the number cannot send and should be paused (`token`) */
export function openAccessToken(keyring: Keyring, client: Place & Pick<ClientDoc, 'accessToken'>): string | null {
  return client.accessToken === null ? null : keyring.decrypt(client.accessToken, placeOf(client))
}

/**
 * Stores every number's token anew that is not under the first key or in an older layout; what changed meanwhile is left.
 * `unreadable` counts those that none of our keys opens: at a start, all of them means a wrong key.
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
      const token = tokenOrNull(keyring, client)
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

function tokenOrNull(keyring: Keyring, client: Place & Pick<ClientDoc, 'accessToken'>): string | null {
  try {
    return openAccessToken(keyring, client)
  } catch {
    return null
  }
}

const placeOf = (client: Place) => secretPlace(client.tenantId, client._id, 'accessToken')
