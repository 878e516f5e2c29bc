import { createHmac, randomBytes } from 'node:crypto'
import type { EventSubscriptionDoc, Id, SubscriptionSecret } from '../model/documents.ts'
import { type Store, trusted } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import { type Keyring, secretPlace } from './encryption.ts'

/** Secrets and signatures of event subscriptions, after the Standard Webhooks specification. */

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

type Owner = Pick<EventSubscriptionDoc, '_id' | 'tenantId'>

/** A new secret: `whsec_` and 256 random bits in base64. */
export const newSubscriptionSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64')

/** A secret as it is stored. It is in force until it is replaced. */
export const sealSecret = (
  keyring: Keyring,
  owner: Owner,
  { keyId, secret, createdAt }: { keyId: Id; secret: string; createdAt: Date },
): SubscriptionSecret => ({ keyId, sealed: keyring.encrypt(secret, placeOf(owner)), createdAt, expiresAt: null })

/** @throws DecryptionFailed */
export const openSecret = (keyring: Keyring, owner: Owner, { sealed }: SubscriptionSecret): string =>
  keyring.decrypt(sealed, placeOf(owner))

const placeOf = ({ tenantId, _id }: Owner) => secretPlace(tenantId, _id, 'subscriptionSecret')

/** Secrets that sign at a time, newest first: one, or several during a rotation. @throws DecryptionFailed */
export const secretsInForce = (
  keyring: Keyring,
  subscription: Owner & Pick<EventSubscriptionDoc, 'secrets'>,
  now: Date,
): string[] =>
  subscription.secrets
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    .map(secret => openSecret(keyring, subscription, secret))

export interface Signed {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/**
 * Headers of a delivery, with a signature by each secret: HMAC-SHA256 over id, timestamp and body, joined by dots.
 * @param at time of the attempt; a receiver refuses one that is far from its own clock
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(secrets: readonly string[], { id, at, body }: { id: string; at: Date; body: string }): Signed {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/** Encrypts again every secret that is not under the first key. `unreadable` counts those that no key decrypts. */
export async function rewriteSubscriptionSecrets(
  store: Store,
  keyring: Keyring,
): Promise<{ total: number; rewritten: number; unreadable: number }> {
  const outcome = { total: 0, rewritten: 0, unreadable: 0 }
  await acrossTenants(async () => {
    const { eventSubscriptions } = store.models
    const rows = eventSubscriptions
      .find({ secrets: trusted({ $ne: [] }), deletedAt: null }, { tenantId: 1, secrets: 1 })
      .lean()
      .cursor()
    for await (const row of rows) {
      for (const secret of row.secrets) {
        outcome.total++
        if (!keyring.needsRewrite(secret.sealed)) continue
        const plain = readable(keyring, row, secret)
        if (plain === null) {
          outcome.unreadable++
          continue
        }
        const filter = { _id: row._id, 'secrets.sealed': secret.sealed }
        const $set = { 'secrets.$.sealed': keyring.encrypt(plain, placeOf(row)) }
        outcome.rewritten += (await eventSubscriptions.updateOne(filter, { $set }, { timestamps: false })).modifiedCount
      }
    }
  })
  return outcome
}

function readable(keyring: Keyring, owner: Owner, secret: SubscriptionSecret): string | null {
  try {
    return openSecret(keyring, owner, secret)
  } catch {
    return null
  }
}
