import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { newId } from '../model/ids.ts'
import { createKeyring } from './encryption.ts'
import { newSubscriptionSecret, openSecret, sealSecret, secretsInForce, signedHeaders } from './subscription-secrets.ts'

const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: '22'.repeat(32) })
const body = '{"type":"message.received","data":{"text":"مرحبا ✓"}}'
const headers = (secrets: string[], at = new Date()) => signedHeaders(secrets, { id: 'r:m:abc', at, body })
const verify = (secret: string, signed: object, text = body) => new Webhook(secret).verify(text, signed as Record<string, string>)

test('what is signed is verified by the package of the specification', () => {
  const secret = newSubscriptionSecret()
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(verify(secret, headers([secret]))).toEqual(JSON.parse(body))
})

test('a changed body, id or time, another secret and an old time are refused', () => {
  const secret = newSubscriptionSecret()
  const signed = headers([secret])
  expect(() => verify(secret, signed, body.replace('message', 'note'))).toThrow()
  expect(() => verify(secret, { ...signed, 'webhook-id': 'r:m:abd' })).toThrow()
  expect(() => verify(newSubscriptionSecret(), signed)).toThrow()
  expect(() => verify(secret, headers([secret], new Date(Date.now() - 600_000)))).toThrow()
})

test('during a rotation both secrets verify one delivery', () => {
  const [old, fresh, foreign] = [newSubscriptionSecret(), newSubscriptionSecret(), newSubscriptionSecret()]
  const signed = headers([fresh, old])
  expect(signed['webhook-signature'].split(' ')).toHaveLength(2)
  for (const secret of [old, fresh]) expect(verify(secret, signed)).toEqual(JSON.parse(body))
  expect(() => verify(foreign, signed)).toThrow()
})

test('secrets sign until they expire, and open in their own subscription only', () => {
  const owner = { _id: newId(), tenantId: newId() }
  const seal = (secret: string, expiresAt: Date | null) => ({
    ...sealSecret(keyring, owner, { keyId: newId(), secret, createdAt: new Date(0) }),
    expiresAt,
  })
  const secrets = [seal('whsec_new', null), seal('whsec_old', new Date(2000)), seal('whsec_older', new Date(1000))]
  const subscription = { ...owner, secrets }
  expect(secretsInForce(keyring, subscription, new Date(1000))).toEqual(['whsec_new', 'whsec_old'])
  expect(secretsInForce(keyring, subscription, new Date(2000))).toEqual(['whsec_new'])
  const other = { _id: newId(), tenantId: owner.tenantId }
  expect(() => openSecret(keyring, other, secrets[0] as (typeof secrets)[0])).toThrow()
})
