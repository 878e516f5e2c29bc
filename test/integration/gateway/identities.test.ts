import { expect, onTestFinished, vi } from 'vitest'
import { routes } from '#services/gateway/routes.ts'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { test, type World } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

// Each test opens a gateway of its own.
vi.setConfig({ testTimeout: 120_000 })

/** A gateway that takes ten refused identities of an address, and how often it has read API keys. */
async function open(world: World) {
  let reads = 0
  const env = { TRUST_PROXY: '1', RATE_LIMIT_API: '10/15min', TRUSTED_GATEWAY_SECRET: 'a-secret-between-two-servers' }
  const gateway = await openGateway(world, env, ({ name, collection }) => {
    if (name === 'find' && collection === 'apiKeys') reads++
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return { gateway, reads: () => reads }
}

const wrongKey = (i: number) => `lk_${String(i).padStart(12, '0')}_${'a'.repeat(64)}`

const ask = (gateway: Gateway, token: string | undefined, more: Record<string, string> = {}, from = '203.0.113.1') =>
  gateway.call('GET', '/api/v1/auth/me', { ...(token && { token }), headers: { 'x-forwarded-for': from, ...more } })

const counted = (answers: { status: number }[]) =>
  Object.fromEntries([...Map.groupBy(answers, ({ status }) => status)].map(([status, of]) => [status, of.length]))

async function newKey({ store }: Gateway): Promise<string> {
  const { tenantId } = await userByEmail(store, PEOPLE.agent)
  return (await createApiKey(store, { tenantId, name: 'ATS', role: 'agent', scopes: ['session.*'] })).key
}

test('refused API keys are counted by address, before the database is read', async ({ world }) => {
  const { gateway, reads } = await open(world)
  const answers = []
  for (let i = 0; i < 400; i++) answers.push(await ask(gateway, wrongKey(i)))
  expect(counted(answers)).toEqual({ 401: 10, 429: 390 })
  expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(reads()).toBe(11)
  expect((await ask(gateway, wrongKey(0), {}, '203.0.113.2')).status).toBe(401)
})

test('refused keys of the same moment are bounded too', async ({ world }) => {
  const { gateway, reads } = await open(world)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(gateway, wrongKey(i))))
  expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true)
  expect(reads()).toBeLessThanOrEqual(20)
})

test('[F46] refused tokens and secrets of the gateway count with them, expired tokens do not', async ({ world }) => {
  const { gateway } = await open(world)
  const user = await userByEmail(gateway.store, PEOPLE.agent)
  for (let i = 0; i < 30; i++) expect((await ask(gateway, tokenOf(user, -60_000))).status).toBe(401)
  for (let i = 0; i < 30; i++) expect((await ask(gateway, undefined)).status).toBe(401)
  const forged = [
    ...Array.from({ length: 5 }, (_, i) => ask(gateway, tokenOf(user, 60_000, `another secret of the length ${i}!!`))),
    ...Array.from({ length: 5 }, (_, i) =>
      ask(gateway, undefined, { 'x-gateway-secret': `guess ${i}`, email: PEOPLE.admin, role: 'ADMIN' }),
    ),
  ]
  expect(counted(await Promise.all(forged))).toEqual({ 401: 10 })
  expect((await ask(gateway, 'nonsense')).status).toBe(429)
})

test('who is known goes on working while a wrong key holds their network', async ({ world }) => {
  const { gateway } = await open(world)
  const [known, later] = [await newKey(gateway), await newKey(gateway)]
  expect((await ask(gateway, known)).status).toBe(200)
  for (let i = 0; i < 12; i++) await ask(gateway, wrongKey(1))
  expect((await ask(gateway, wrongKey(1))).status).toBe(429)
  expect((await ask(gateway, later)).status).toBe(429)
  expect((await ask(gateway, known)).status).toBe(200)
  expect((await ask(gateway, await gateway.tokenFor('agent'))).status).toBe(200)
  expect((await ask(gateway, later, {}, '203.0.113.2')).status).toBe(200)
})

test('[F49] a platform admin in another tenant sets their own availability', async ({ world }) => {
  const { gateway } = await open(world)
  const other = await userByEmail(gateway.store, PEOPLE.other)
  const answer = await gateway.call('PUT', '/api/v1/users/me/availability', {
    as: 'platform',
    body: { availability: 'busy' },
    headers: { 'x-organization-id': String(other.tenantId) },
  })
  expect([answer.status, answer.body]).toEqual([200, { availability: 'busy' }])
  expect((await userByEmail(gateway.store, PEOPLE.platform)).availability).toBe('busy')
})

/** Bodies that pass the schema of a route, where nothing else lets its handler begin. */
const BODIES: Record<string, unknown> = {
  'put /api/v1/users/me/availability': { availability: 'available' },
  'post /api/v1/auth/password': { currentPassword: 'wrong', newPassword: 'wrong' },
}

test.for(['an unknown id', 'the id of a number'])(
  'no route fails for a platform admin in another tenant: %s',
  { timeout: 120_000 },
  async (which, { world }) => {
    await using gateway = await openGateway(world)
    const other = await userByEmail(gateway.store, PEOPLE.other)
    const number = await gateway.store.raw.clients.findOne({ tenantId: other.tenantId })
    const id = which === 'an unknown id' ? '0'.repeat(24) : String(number?._id)
    const failed: string[] = []
    for (const { method, path, action } of routes) {
      if (action === null) continue
      const { status } = await gateway.call(method.toUpperCase(), path.replace(/\{\w+\}/g, id), {
        as: 'platform',
        ...(method !== 'get' && { body: BODIES[`${method} ${path}`] ?? {} }),
        headers: { 'x-organization-id': String(other.tenantId) },
      })
      if (status === 500) failed.push(`${method} ${path}`)
    }
    expect(failed).toEqual([])
  },
)
