import { createECDH, createPrivateKey, ECDH, type KeyObject, randomBytes } from 'node:crypto'
import ece from 'http_ece'
import { SignJWT } from 'jose'
import type { Keyring } from './encryption.ts'

/** Keys and encryption of Web Push: VAPID (RFC 8292) and message encryption (RFC 8291). */

/** A key by which a push service knows this installation. A browser's subscription works with the key that it was made with. */
export interface WebPushKey {
  keyId: string
  /** Uncompressed P-256 point in base64url, as `PushManager.subscribe` takes it. */
  publicKey: string
  privateKey: KeyObject
}

const CURVE = 'prime256v1'
const COORDINATE_BYTES = 32

/**
 * The keys of this installation, the present one first: one is derived from each encryption key, so that nothing more has to be kept.
 * Subscriptions that were made with an earlier key work for as long as the keyring has its encryption key.
 */
export const webPushKeys = (keyring: Keyring): WebPushKey[] =>
  keyring.derive('web push p256').map(({ keyId, secret }) => keyOf(keyId, secret))

function keyOf(keyId: string, secret: Buffer): WebPushKey {
  const pair = createECDH(CURVE)
  pair.setPrivateKey(secret)
  const point = pair.getPublicKey()
  const [x, y] = [point.subarray(1, 1 + COORDINATE_BYTES), point.subarray(1 + COORDINATE_BYTES)]
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y), d: base64url(secret) }
  return { keyId, publicKey: base64url(point), privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) }
}

/** Where a browser is reached, and the keys by which it alone reads what is sent. */
export interface PushTarget {
  endpoint: string
  /** Public key of the browser: an uncompressed P-256 point in base64url. */
  p256dh: string
  /** 16 bytes in base64url. */
  auth: string
}

/** Whether a text is the public key of a browser: nothing could be encrypted for another one. */
export function isBrowserKey(p256dh: string): boolean {
  try {
    return ECDH.convertKey(p256dh, CURVE, 'base64url', undefined, 'uncompressed').length === 1 + 2 * COORDINATE_BYTES
  } catch {
    return false
  }
}

/** Longest life of a signature that push services accept is 24 h. */
const SIGNED_FOR = '12h'
const SALT_BYTES = 16

/**
 * The request that brings a text of at most 3 kB to a browser.
 * @param topic of messages that are not delivered yet a push service keeps the newest one of a topic: at most 32 characters of base64url
 * @param subject address of the operator, https or mailto @throws Error for keys that are none
 */
export async function pushRequest(
  { endpoint, p256dh, auth }: PushTarget,
  text: string,
  { key, subject, topic, ttlSeconds }: { key: WebPushKey; subject: string; topic: string; ttlSeconds: number },
): Promise<{ headers: Record<string, string>; body: Buffer }> {
  const privateKey = createECDH(CURVE)
  privateKey.generateKeys()
  const salt = base64url(randomBytes(SALT_BYTES))
  const body = ece.encrypt(Buffer.from(text), { version: 'aes128gcm', privateKey, salt, dh: p256dh, authSecret: auth })
  const token = await new SignJWT()
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(new URL(endpoint).origin)
    .setExpirationTime(SIGNED_FOR)
    .setSubject(subject)
    .sign(key.privateKey)
  const headers = {
    authorization: `vapid t=${token}, k=${key.publicKey}`,
    'content-type': 'application/octet-stream',
    'content-encoding': 'aes128gcm',
    ttl: String(ttlSeconds),
    urgency: 'high',
    topic,
  }
  return { headers, body }
}

const base64url = (bytes: Buffer) => bytes.toString('base64url')
