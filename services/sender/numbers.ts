import { tokenOf } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { levelNow, type SpendLevel } from '#shared/domain/accounts/spend-ceiling.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { ratePerSecond } from '#shared/domain/numbers/sending.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { findSendingNumbers } from '#shared/store/numbers/sending-numbers.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'

/** A phone number with its access token and its tenant's limits. */
export interface SendingNumber {
  /** `throughput` is the rate in force: Meta's, or a lower one that the tenant has set. */
  client: ClientDoc
  /** null while the number may not send; its messages wait. */
  token: string | null
  /** True when no key decrypts the token: the number should be paused, so that the tenant notices. */
  isUnreadable: boolean
  perMinute: number | null
  perDay: number | null
  /** What waits because of the tenant's spend; null: nothing. */
  spendLevel: SpendLevel | null
}

/**
 * The number of a message or a campaign; undefined for one of another tenant: a number that has moved sends nothing of those who had
 * it before.
 */
export function ownNumber(
  known: ReadonlyMap<string, SendingNumber>,
  of: { phoneNumberId: string; tenantId: { toString(): string } },
): SendingNumber | undefined {
  const number = known.get(of.phoneNumberId)
  return String(number?.client.tenantId) === String(of.tenantId) ? number : undefined
}

/** Short, so that a pause or a new token takes effect within a second. Decrypted tokens stay in memory no longer than this. */
const CACHE_MS = 1000

export interface Numbers {
  /** By the ids that were asked for, of which the numbers may have others by now. @throws Outage */
  find(phoneNumberIds: Iterable<string>): Promise<Map<string, SendingNumber>>
  /** Holds a number that is being paused: for `ms` its messages in hand return to their queue. Also drops the cached number. */
  hold(phoneNumberId: string, ms?: number): void
  isHeld(phoneNumberId: string): boolean
}

/** @param now decides in which month we are */
export function createNumbers(store: Store, keyring: Keyring, now: () => Date = () => new Date()): Numbers {
  const cache = new TtlCache<string, SendingNumber>(5000)
  const held = new TtlCache<string, true>(5000)

  async function load(client: ClientDoc): Promise<SendingNumber> {
    const tenant = await findTenant(client)
    const maySend = client.status === 'active' && tenant?.status === 'active'
    const token = maySend ? tokenOf(keyring, client) : null
    return {
      client: { ...client, throughput: ratePerSecond(client) },
      token,
      isUnreadable: maySend && token === null,
      perMinute: tenant?.limits?.messagesPerMinute ?? null,
      perDay: tenant?.limits?.messagesPerDay ?? null,
      spendLevel: tenant && levelNow(tenant.spendStop, tenant.settings.timezone, now()),
    }
  }

  /** Null for a deleted tenant, whose numbers do not send. */
  async function findTenant({ tenantId }: ClientDoc): Promise<TenantDoc | null> {
    try {
      return await getCachedTenant(store, tenantId)
    } catch (error) {
      if (error instanceof ApiError) return null
      throw error
    }
  }

  return {
    async find(phoneNumberIds) {
      const ids = [...new Set(phoneNumberIds)]
      const missing = ids.filter(id => cache.get(id) === undefined)
      const found = missing.length > 0 ? await findSendingNumbers(store, missing) : new Map<string, ClientDoc>()
      for (const [id, client] of found) cache.set(id, await load(client), CACHE_MS)
      return new Map(ids.map(id => [id, cache.get(id)]).filter((entry): entry is [string, SendingNumber] => !!entry[1]))
    },
    hold(phoneNumberId, ms = CACHE_MS) {
      cache.delete(phoneNumberId)
      held.set(phoneNumberId, true, ms)
    },
    isHeld: phoneNumberId => held.get(phoneNumberId) === true,
  }
}
