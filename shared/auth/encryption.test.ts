import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKeyring, DecryptionFailed, secretPlace } from './encryption.ts'

const newKey = () => randomBytes(32).toString('hex')
const PLACE = secretPlace('t1', 'c1', 'accessToken')

/** As LinkoJob writes it. */
function seed001(plain: string, key: string): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv)
  const data = cipher.update(plain, 'utf8', 'hex') + cipher.final('hex')
  return `${iv.toString('hex')}:${cipher.getAuthTag().toString('hex')}:${data}`
}

/** The stored text with one part changed. */
function withPart(stored: string, index: number, change: (part: string) => string): string {
  return stored
    .split(':')
    .map((part, i) => (i === index ? change(part) : part))
    .join(':')
}
const flipFirst = (part: string) => (part.startsWith('A') ? 'B' : 'A') + part.slice(1)

describe('a keyring', () => {
  const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: newKey() })

  test.for(['EAAtoken', '', 'é 🎉 العربية', 'x'.repeat(5000)])('gives back what it was given (%#)', plain => {
    expect(keyring.decrypt(keyring.encrypt(plain, PLACE), PLACE)).toBe(plain)
  })

  test('writes the documented format, and never the same twice', () => {
    const stored = keyring.encrypt('EAAtoken', PLACE)
    expect(stored).toMatch(/^v1:default:[\w-]{16}:[\w-]{22}:[\w-]+$/)
    expect(stored).not.toContain('EAAtoken')
    expect(keyring.encrypt('EAAtoken', PLACE)).not.toBe(stored)
  })

  test.for([2, 3, 4])('refuses a text whose part %i was changed', index => {
    const stored = withPart(keyring.encrypt('EAAtoken', PLACE), index, flipFirst)
    expect(() => keyring.decrypt(stored, PLACE)).toThrow(DecryptionFailed)
  })

  test('refuses a secret that was moved to another place', () => {
    const stored = keyring.encrypt('EAAtoken', PLACE)
    for (const place of [
      secretPlace('t2', 'c1', 'accessToken'),
      secretPlace('t1', 'c2', 'accessToken'),
      secretPlace('t1', 'c1', 'pin'),
      '',
    ]) {
      expect(() => keyring.decrypt(stored, place)).toThrow('tampered')
    }
  })

  test('refuses a shortened tag', () => {
    const stored = withPart(keyring.encrypt('EAAtoken', PLACE), 3, part => part.slice(0, 16))
    expect(() => keyring.decrypt(stored, PLACE)).toThrow('malformed')
  })

  test.for(['', 'EAAplain', 'v1:default', 'v2:default:a:b:c', 'v1:default:AAAA:AAAA:AAAA', 'zz:zz:zz'])('refuses %j', stored => {
    expect(() => keyring.decrypt(stored, PLACE)).toThrow('malformed')
  })

  test('does not reveal the secret in its errors', () => {
    const stored = keyring.encrypt('EAAcanary', PLACE)
    const failure = (() => {
      try {
        return keyring.decrypt(stored, 'elsewhere')
      } catch (error) {
        return error as Error
      }
    })() as Error
    expect(`${failure.message} ${failure.stack}`).not.toMatch(/EAAcanary/)
  })
})

describe('rotation', () => {
  const [older, newer] = [newKey(), newKey()]
  const before = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k1:${older}` })
  const after = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k2:${newer},k1:${older}` })

  test('the first key encrypts, all of them decrypt', () => {
    const stored = before.encrypt('EAAtoken', PLACE)
    expect(after.decrypt(stored, PLACE)).toBe('EAAtoken')
    expect(after.encrypt('EAAtoken', PLACE)).toMatch(/^v1:k2:/)
    expect([after.needsRewrite(stored), before.needsRewrite(stored)]).toEqual([true, false])
  })

  test('a key that was removed too early is named as the cause', () => {
    const stored = before.encrypt('EAAtoken', PLACE)
    const without = createKeyring({ TOKEN_ENCRYPTION_KEYS: `k2:${newer}` })
    expect(() => without.decrypt(stored, PLACE)).toThrow('unknown_key')
  })

  test('another key under the same name does not decrypt it', () => {
    const stored = before.encrypt('EAAtoken', PLACE)
    expect(() => createKeyring({ TOKEN_ENCRYPTION_KEYS: `k1:${newer}` }).decrypt(stored, PLACE)).toThrow('tampered')
  })

  test('every key derives a secret of its own for a purpose, always the same', () => {
    const [first, second] = after.derive('evidence')
    expect([first?.keyId, second?.keyId, first?.secret.length]).toEqual(['k2', 'k1', 32])
    expect(after.derive('evidence')).toEqual([first, second])
    expect(before.derive('evidence')).toEqual([second])
    const secrets = [first, second, ...after.derive('links')].map(derived => derived?.secret.toString('hex'))
    expect(new Set(secrets).size).toBe(4)
  })

  test('a single key stays readable beside the list', () => {
    const single = createKeyring({ TOKEN_ENCRYPTION_KEY: older })
    const both = createKeyring({ TOKEN_ENCRYPTION_KEY: older, TOKEN_ENCRYPTION_KEYS: `k2:${newer}` })
    expect(both.decrypt(single.encrypt('EAAtoken', PLACE), PLACE)).toBe('EAAtoken')
    expect(both.keyIds).toEqual(['k2', 'default'])
  })

  test('the format of LinkoJob is decrypted with any of the keys, and marked for encryption again', () => {
    const stored = seed001('EAAold', older)
    expect(after.decrypt(stored, PLACE)).toBe('EAAold')
    expect(after.needsRewrite(stored)).toBe(true)
    expect(() => createKeyring({ TOKEN_ENCRYPTION_KEY: newKey() }).decrypt(stored, PLACE)).toThrow('tampered')
    expect(() =>
      after.decrypt(
        withPart(stored, 2, part => (part.startsWith('0') ? '1' : '0') + part.slice(1)),
        PLACE,
      ),
    ).toThrow('tampered')
  })
})

const twice = newKey()
test.for([
  {},
  { TOKEN_ENCRYPTION_KEY: 'abc' },
  { TOKEN_ENCRYPTION_KEY: 'z'.repeat(64) },
  { TOKEN_ENCRYPTION_KEYS: newKey() },
  { TOKEN_ENCRYPTION_KEYS: 'k1:abc' },
  { TOKEN_ENCRYPTION_KEYS: `k1:${newKey()},k1:${newKey()}` },
  { TOKEN_ENCRYPTION_KEYS: `k1:${newKey()},` },
  { TOKEN_ENCRYPTION_KEYS: `,k1:${newKey()}` },
  { TOKEN_ENCRYPTION_KEYS: `k1:${newKey()},,k2:${newKey()}` },
  { TOKEN_ENCRYPTION_KEYS: ' , ' },
  { TOKEN_ENCRYPTION_KEYS: `k1:${newKey()}:x` },
  { TOKEN_ENCRYPTION_KEYS: `k1:${twice},k2:${twice}` },
  { TOKEN_ENCRYPTION_KEY: newKey(), TOKEN_ENCRYPTION_KEYS: `default:${newKey()}` },
  { TOKEN_ENCRYPTION_KEY: '   ' },
])('a bad set of keys is refused at start, without printing it (%#)', env => {
  const hex = Object.values(env).join() || 'nothing'
  expect(() => createKeyring(env)).toThrow(/TOKEN_ENCRYPTION_KEY/)
  expect(() => createKeyring(env)).not.toThrow(hex)
})
