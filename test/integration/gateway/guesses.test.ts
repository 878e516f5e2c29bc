import { expect, onTestFinished, vi } from 'vitest'
import { signIn } from '#services/gateway/accounts/sign-in.ts'
import type { ApiError } from '#shared/domain/errors.ts'
import { authFailures } from '#shared/process/metrics.ts'
import { test, type World } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, passwordOf } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

vi.setConfig({ testTimeout: 600_000 })

/** A hash that costs nothing, so that 10,000 guesses depend on no speed. It is counted like the real one. */
const hashes = vi.hoisted(() => ({ checked: 0 }))
vi.mock('@node-rs/argon2', () => ({
  hash: async (password: string) => `cheap:${password}`,
  verify: async (stored: string, password: string) => {
    hashes.checked++
    return stored === `cheap:${password}`
  },
  parseOptions: () => ({ algorithm: 2, memoryCost: 19 * 1024, timeCost: 2 }),
}))

const GUESSES = 10_000
/** No more than may wait for a hash at the same moment. */
const AT_ONCE = 20

async function open(world: World): Promise<Gateway> {
  const gateway = await openGateway(world, { RATE_LIMIT_AUTH: '10/15min', TRUST_PROXY: '1' })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** How often each error code was the answer to a guess. */
async function guess({ deps }: Gateway, of: (i: number) => { email: string; ip: string }): Promise<Record<string, number>> {
  const answers: Record<string, number> = {}
  const one = async (i: number) => {
    const code = await signIn(deps, { ...of(i), password: `wrong ${i}` }).then(
      () => 'signed in',
      (error: ApiError) => error.errorCode,
    )
    answers[code] = (answers[code] ?? 0) + 1
  }
  for (let i = 0; i < GUESSES; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => one(i + k)))
  return answers
}

async function failures(): Promise<Record<string, number>> {
  const { values } = await authFailures.get()
  const own = values.filter(({ labels }) => labels.kind === 'password')
  return Object.fromEntries(own.map(({ labels, value }) => [labels.outcome, value]))
}

const own = { email: PEOPLE.agent, password: passwordOf('agent') }
const login = (gateway: Gateway, password = own.password, from = '203.0.113.200') =>
  gateway.call('POST', '/api/v1/auth/login', { body: { ...own, password }, headers: { 'x-forwarded-for': from } })

test('[F48] 10,000 guesses at one account from 1,000 addresses: 50 are checked, each is counted, and its owner gets in again', async ({
  world,
}) => {
  const gateway = await open(world)
  authFailures.reset()
  hashes.checked = 0
  const answers = await guess(gateway, i => ({ email: PEOPLE.agent, ip: `198.51.${i % 250}.${Math.floor(i / 2500)}` }))
  expect(answers).toEqual({ LOGIN_FAILED: 50, LOGIN_LOCKED: GUESSES - 50 })
  expect(hashes.checked).toBe(50)
  expect(await failures()).toEqual({ wrong: 50, limited: GUESSES - 50 })

  // Whoever is signed in goes on; the owner is kept out like everybody, until an admin gives them a link.
  expect((await gateway.call('GET', '/api/v1/conversations', { as: 'agent' })).status).toBe(200)
  expect((await login(gateway)).body.errorCode).toBe('LOGIN_LOCKED')
  const { _id } = await userByEmail(gateway.store, PEOPLE.agent)
  const { body: link } = await gateway.call('POST', `/api/v1/users/${_id}/link`, { as: 'admin' })
  const password = 'correct horse battery staple'
  await gateway.call('POST', '/api/v1/auth/links/accept', { body: { token: link.token, password } })
  expect((await login(gateway, password)).status).toBe(200)
})

test('[F48] 10,000 guesses at 1,000 accounts from one address: 30 are checked, each is counted, and others sign in meanwhile', async ({
  world,
}) => {
  const gateway = await open(world)
  authFailures.reset()
  hashes.checked = 0
  const answers = await guess(gateway, i => ({
    email: i % 1000 === 7 ? PEOPLE.agent : `user${i % 1000}@example.com`,
    ip: '203.0.113.9',
  }))
  expect(answers).toEqual({ LOGIN_FAILED: 30, RATE_LIMITED: GUESSES - 30 })
  expect(hashes.checked).toBe(30)
  expect(await failures()).toEqual({ wrong: 30, limited: GUESSES - 30 })
  expect((await login(gateway)).status).toBe(200)
  expect((await login(gateway, own.password, '203.0.113.9')).status).toBe(429)
})
