import type { LookupAddress, LookupOptions } from 'node:dns'
import { beforeEach, expect, test, vi } from 'vitest'
import { createKeyring } from '#shared/auth/encryption.ts'
import { newSubscriptionSecret, sealSecret } from '#shared/auth/subscription-secrets.ts'
import type { EventSubscriptionDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'

type Answer = (error: Error | null, addresses: LookupAddress[]) => void
/** What the name leads to, lookup by lookup. */
const answers: string[][] = []
const asked: string[] = []

vi.mock('node:dns', async original => ({
  ...(await original<typeof import('node:dns')>()),
  lookup(name: string, _options: LookupOptions, answer: Answer) {
    asked.push(name)
    const addresses = answers.shift() ?? []
    answer(
      null,
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  },
}))
const { callEndpoint } = await import('./call.ts')

const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: '33'.repeat(32) })
const owner = { _id: newId(), tenantId: newId() }
const secrets = [sealSecret(keyring, owner, { keyId: newId(), secret: newSubscriptionSecret(), createdAt: new Date() })]
const subscription = { ...owner, secrets, url: 'https://rebinds.example/linko' } as EventSubscriptionDoc
const call = () =>
  callEndpoint(
    { keyring, origins: [], timeoutMs: 300, now: () => new Date() },
    subscription,
    { eventId: 'e:1', body: '{}' },
    new AbortController().signal,
  )

beforeEach(() => {
  answers.length = 0
  asked.length = 0
})

test('[beyond 19] a name that leads inwards at the moment of connecting is refused, whatever it led to before', async () => {
  answers.push(['127.0.0.1'])
  const { result, attempt } = await call()
  expect([result.problem, result.status, attempt.detail]).toEqual(['address', null, 'rebinds.example is not a public host'])
  expect(asked).toEqual(['rebinds.example'])
})

test('[beyond 19] one private address among public ones is enough to refuse', async () => {
  answers.push(['8.8.8.8', '10.0.0.1'])
  expect((await call()).result.problem).toBe('address')
  answers.push(['2001:4860:4860::8888', '::1'])
  expect((await call()).result.problem).toBe('address')
})

test('[beyond 19] a name is resolved once for a connection: what was checked is what is called', async () => {
  // The second answer would lead inwards, but nobody asks for it: the call ends at the public address, which does not answer here.
  answers.push(['8.8.8.8'], ['127.0.0.1'])
  const { result } = await call()
  expect(['timeout', 'connection']).toContain(result.problem)
  expect([asked.length, answers.length]).toEqual([1, 1])
})

test('a secret that no key opens is a problem of the log, and nothing is sent', async () => {
  const other = createKeyring({ TOKEN_ENCRYPTION_KEY: '44'.repeat(32) })
  const deps = { keyring: other, origins: [], timeoutMs: 300, now: () => new Date() }
  const outcome = await callEndpoint(deps, subscription, { eventId: 'e:1', body: '{}' }, new AbortController().signal)
  expect([outcome.result.problem, asked]).toEqual(['secret', []])
})
