import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Stored secret that cannot be decrypted. The error text never contains the secret or the key. */
export class DecryptionFailed extends Error {
  override readonly name = 'DecryptionFailed'
  readonly reason: 'unknown_key' | 'tampered' | 'malformed'
  constructor(reason: DecryptionFailed['reason'], options?: ErrorOptions) {
    super(`stored secret cannot be read: ${reason}`, options)
    this.reason = reason
  }
}

/** Keys for secrets at rest. The first key encrypts, all of them decrypt: add a new key in front and remove the old one later. */
export interface Keyring {
  /** Encrypts a secret. @param aad the place of the secret (`secretPlace`), outside which it cannot be decrypted */
  encrypt(plain: string, aad: string): string
  /** Decrypts a secret. @throws DecryptionFailed */
  decrypt(stored: string, aad: string): string
  /** Whether a stored secret should be encrypted again: it has an older format or is not under the first key. */
  needsRewrite(stored: string): boolean
  readonly keyIds: readonly string[]
  /**
   * A secret of 32 bytes for another purpose from each key, the first key's first (HKDF-SHA256): it tells nothing of the key, nor of the
   * secret of another purpose.
   */
  derive(purpose: string): { keyId: string; secret: Buffer }[]
}

/** Place of a secret, as authenticated data: a value copied to another tenant or number cannot be decrypted. */
export const secretPlace = (tenantId: unknown, clientId: unknown, field: string) => `${tenantId}:${clientId}:${field}`

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const KEY_BYTES = 32
const TAG_BYTES = 16
const V1 = /^v1:([\w-]{1,32}):([\w-]{16}):([\w-]{22}):([\w-]*)$/
const SEED_001 = /^([0-9a-f]{32}):([0-9a-f]{32}):((?:[0-9a-f]{2})*)$/i

/**
 * Keys from `TOKEN_ENCRYPTION_KEYS` (`id:hex,id:hex`) and `TOKEN_ENCRYPTION_KEY` (32 bytes hex, named `default`).
 * @throws Error when there is none, one is not 32 bytes of hex, the same key has two ids, or `default` two keys
 */
export function createKeyring(env: { TOKEN_ENCRYPTION_KEY?: string; TOKEN_ENCRYPTION_KEYS?: string }): Keyring {
  const keys = readKeys(env)
  const [firstId, firstKey] = [...keys][0] as [string, Buffer]
  return {
    keyIds: [...keys.keys()],
    encrypt: (plain, aad) => seal(plain, aad, firstId, firstKey),
    decrypt: (stored, aad) => open(stored, aad, keys),
    needsRewrite: stored => V1.exec(stored)?.[1] !== firstId,
    derive: purpose =>
      [...keys].map(([keyId, key]) => ({
        keyId,
        secret: Buffer.from(hkdfSync('sha256', key, '', `linko ${purpose}`, KEY_BYTES)),
      })),
  }
}

function seal(plain: string, aad: string, keyId: string, key: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(aad, 'utf8'))
  const data = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return ['v1', keyId, ...[nonce, cipher.getAuthTag(), data].map(part => part.toString('base64url'))].join(':')
}

function open(stored: string, aad: string, keys: Map<string, Buffer>): string {
  const v1 = V1.exec(stored)
  if (v1) {
    const [, keyId, nonce, tag, data] = v1 as unknown as [string, string, string, string, string]
    const key = keys.get(keyId)
    if (key === undefined) throw new DecryptionFailed('unknown_key')
    return unseal(key, fromBase64(nonce), fromBase64(tag), fromBase64(data), aad)
  }
  const old = SEED_001.exec(stored)
  if (!old) throw new DecryptionFailed('malformed')
  const [nonce, tag, data] = old.slice(1).map(part => Buffer.from(part, 'hex')) as [Buffer, Buffer, Buffer]
  return openOld(keys, nonce, tag, data)
}

/** Decrypts the LinkoJob format, which names no key and has no authenticated data, with each key in turn. */
function openOld(keys: Map<string, Buffer>, nonce: Buffer, tag: Buffer, data: Buffer): string {
  for (const key of keys.values()) {
    try {
      return unseal(key, nonce, tag, data, null)
    } catch {
      // Another key may be the right one.
    }
  }
  throw new DecryptionFailed('tampered')
}

function unseal(key: Buffer, nonce: Buffer, tag: Buffer, data: Buffer, aad: string | null): string {
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAuthTag(tag)
    if (aad !== null) decipher.setAAD(Buffer.from(aad, 'utf8'))
    return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
  } catch (error) {
    throw new DecryptionFailed('tampered', { cause: error })
  }
}

function readKeys(env: { TOKEN_ENCRYPTION_KEY?: string; TOKEN_ENCRYPTION_KEYS?: string }): Map<string, Buffer> {
  const keys = new Map<string, Buffer>()
  for (const entry of env.TOKEN_ENCRYPTION_KEYS?.split(',') ?? []) {
    const [id = '', hex = '', ...more] = entry.trim().split(':')
    if (!/^[\w-]{1,32}$/.test(id) || keys.has(id) || more.length > 0)
      throw new Error('TOKEN_ENCRYPTION_KEYS: write id:hex,id:hex with ids of their own, and no comma too many')
    const key = readKey('TOKEN_ENCRYPTION_KEYS', hex)
    if (isAmong(keys, key)) throw new Error('TOKEN_ENCRYPTION_KEYS: the same key stands there under two ids')
    keys.set(id, key)
  }
  if (env.TOKEN_ENCRYPTION_KEY) addSingle(keys, readKey('TOKEN_ENCRYPTION_KEY', env.TOKEN_ENCRYPTION_KEY.trim()))
  if (keys.size === 0) throw new Error('TOKEN_ENCRYPTION_KEY is missing')
  return keys
}

/** The single key may also stand in the list, under another id: what it encrypted before names it `default`. */
function addSingle(keys: Map<string, Buffer>, key: Buffer): void {
  const listed = keys.get('default')
  if (listed && !listed.equals(key))
    throw new Error('TOKEN_ENCRYPTION_KEY: TOKEN_ENCRYPTION_KEYS has another key under the id default')
  keys.set('default', key)
}

const isAmong = (keys: Map<string, Buffer>, key: Buffer) => [...keys.values()].some(known => known.equals(key))

function readKey(variable: string, hex: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new Error(`${variable}: a key is 32 bytes, written as 64 hex digits`)
  return Buffer.from(hex, 'hex')
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64url')
