import { createHash, createHmac, randomBytes } from 'node:crypto'
import { safeEqual } from '#shared/auth/constant-time.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'

/** How long a sign-up dialog may take. */
export const DIALOG_MS = 10 * 60_000

/** Who a `state` is bound to. */
type Bound = Pick<ConnectionDoc, '_id' | 'tenantId' | 'actor'>

const FORM = /^([0-9a-f]{24})\.([\w-]{43})\.([\w-]{43})$/

/**
 * The `state` of a sign-up dialog: id of the connection, a secret of 256 bits and a signature over both, the tenant and the person
 * who began. It works once: its hash is stored with the connection and removed by the first return.
 */
export function newState(connection: Bound, secret: string): { state: string; stateHash: string } {
  const nonce = randomBytes(32).toString('base64url')
  return { state: `${connection._id}.${nonce}.${signatureOf(connection, nonce, secret)}`, stateHash: hashOf(nonce) }
}

/** Id of the connection that a `state` names; null for one of another form. The state must still be checked. */
export const connectionIdIn = (state: string): string | null => FORM.exec(state)?.[1] ?? null

/** Whether this platform gave out the state for this connection, and whether it is the connection's present one. */
export function checkState(state: string, connection: ConnectionDoc, secret: string): 'genuine' | 'used' | 'forged' {
  const [, , nonce = '', signature = ''] = FORM.exec(state) ?? []
  if (nonce === '' || !safeEqual(signature, signatureOf(connection, nonce, secret))) return 'forged'
  const isPresent = connection.stateHash !== null && safeEqual(hashOf(nonce), connection.stateHash)
  return isPresent && connection.state === 'OPEN' ? 'genuine' : 'used'
}

/** A key of its own, so that no other signature of the platform is a state. */
const signatureOf = ({ _id, tenantId, actor }: Bound, nonce: string, secret: string): string =>
  createHmac('sha256', `${secret}:sign-up state`)
    .update(`${_id}.${nonce}.${tenantId}.${actor.kind}.${actor.id}`)
    .digest('base64url')

const hashOf = (nonce: string): string => createHash('sha256').update(nonce).digest('hex')
