import { createECDH, createPublicKey, randomBytes } from 'node:crypto'
import ece from 'http_ece'
import { jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { createKeyring } from './encryption.ts'
import { pushRequest, webPushKeys } from './web-push.ts'

const keys = (id: string) => `${id}:${randomBytes(32).toString('hex')}`

/** A browser with a subscription. */
function browser() {
  const pair = createECDH('prime256v1')
  const p256dh = pair.generateKeys('base64url')
  const auth = randomBytes(16).toString('base64url')
  const target = { endpoint: 'https://push.example.com/send/abc', p256dh, auth }
  const read = (body: Buffer) => ece.decrypt(body, { version: 'aes128gcm', privateKey: pair, authSecret: auth }).toString()
  return { target, read }
}

test('what is sent can be read by the browser alone, and is signed for its push service', async () => {
  const [key] = webPushKeys(createKeyring({ TOKEN_ENCRYPTION_KEYS: keys('one') }))
  if (key === undefined) throw new Error('no key')
  const { target, read } = browser()
  const options = { key, subject: 'https://linko.example.com', topic: 'abc', ttlSeconds: 600 }
  const { headers, body } = await pushRequest(target, '{"name":"Salma"}', options)
  expect(read(body)).toBe('{"name":"Salma"}')
  expect(body.includes('Salma')).toBe(false)
  expect(() => browser().read(body)).toThrow()
  expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '600', topic: 'abc' })
  const [, token = '', publicKey] = /^vapid t=(.+), k=(.+)$/.exec(headers.authorization as string) ?? []
  expect(publicKey).toBe(key.publicKey)
  const { payload } = await jwtVerify(token, createPublicKey(key.privateKey), { audience: 'https://push.example.com' })
  expect(payload.sub).toBe('https://linko.example.com')
  expect((payload.exp as number) - Date.now() / 1000).toBeLessThan(24 * 3600)
})

test('each encryption key gives a key of its own, always the same, and the first one is the present one', () => {
  const [one, two] = [keys('one'), keys('two')]
  const both = webPushKeys(createKeyring({ TOKEN_ENCRYPTION_KEYS: `${two},${one}` }))
  expect(both.map(({ keyId }) => keyId)).toEqual(['two', 'one'])
  expect(new Set(both.map(({ publicKey }) => publicKey)).size).toBe(2)
  const [before] = webPushKeys(createKeyring({ TOKEN_ENCRYPTION_KEYS: one }))
  expect(both[1]?.publicKey).toBe(before?.publicKey)
  expect(Buffer.from(before?.publicKey ?? '', 'base64url')).toHaveLength(65)
})
