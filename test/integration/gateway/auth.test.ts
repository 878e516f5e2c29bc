import bcrypt from 'bcryptjs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, passwordOf } from '#test/support/worlds/gateway.ts'
import { tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

const SECRET = 'a-secret-between-two-servers'
const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { TRUSTED_GATEWAY_SECRET: SECRET }))
})
afterAll(() => stack.disposeAsync())
beforeEach(async () => {
  const keys = await gateway.redis.keys(`linko:${gateway.store.connection.name}:lock*`)
  if (keys.length > 0) await gateway.redis.del(keys)
})

const login = (body: object, headers = {}) => gateway.call('POST', '/api/v1/auth/login', { body, headers })
const own = { email: PEOPLE.agent, password: passwordOf('agent') }

test('[AU-01] [AU-03] a user signs in and gets their own account data', async () => {
  const { status, body, headers } = await login(own)
  expect(status).toBe(200)
  expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, user: { email: PEOPLE.agent, role: 'agent' } })
  expect(body.refreshToken).toBeUndefined()
  const cookie = headers.get('set-cookie')
  expect(cookie).toMatch(/^linko_refresh=.+; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict/)
  const me = await gateway.call('GET', '/api/v1/auth/me', { token: body.accessToken })
  expect(me.body).toEqual(body.user)
})

test('[AU-01] [F48] an unknown address and a wrong password are answered alike', async () => {
  const wrong = await login({ ...own, password: 'not the password' })
  const unknown = await login({ email: 'nobody@x.example', password: 'not the password' })
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect({ ...wrong.body, requestId: 0 }).toEqual({ ...unknown.body, requestId: 0 })
})

test('[AU-07] a bcrypt hash of a former system signs in, and is argon2id afterwards', async () => {
  const { users } = gateway.store.raw
  const password = passwordOf('manager')
  await users.updateOne({ email: PEOPLE.manager }, { $set: { passwordHash: await bcrypt.hash(password, 4) } })
  for (const _time of ['by bcrypt', 'by argon2id']) {
    expect((await login({ email: PEOPLE.manager, password })).status).toBe(200)
    expect((await users.findOne({ email: PEOPLE.manager }))?.passwordHash).toMatch(/^\$argon2id\$/)
  }
})

test('[AU-17] [F47] a refresh token works once; shown again by another device it ends the family', async () => {
  const first = await login({ ...own, client: 'api' })
  const refresh = (refreshToken: string, agent = 'one') =>
    gateway.call('POST', '/api/v1/auth/refresh', { body: { refreshToken }, headers: { 'user-agent': agent } })
  const second = await refresh(first.body.refreshToken)
  expect(second.status).toBe(200)
  expect(second.body.refreshToken).not.toBe(first.body.refreshToken)
  const stolen = await refresh(first.body.refreshToken, 'another')
  expect([stolen.status, stolen.body.errorCode]).toEqual([401, 'REFRESH_REUSED'])
  expect((await refresh(second.body.refreshToken)).status).toBe(401)
})

test('the cookie refreshes for our own pages alone', async () => {
  const { headers } = await login(own)
  const cookie = headers.get('set-cookie')?.split(';')[0] as string
  const refresh = (origin?: string) =>
    gateway.call('POST', '/api/v1/auth/refresh', { headers: { cookie, ...(origin && { origin }) } })
  expect((await refresh('http://evil.example')).status).toBe(401)
  const answer = await refresh('http://dashboard.test')
  expect(answer.status).toBe(200)
  expect(answer.body.refreshToken).toBeUndefined()
  expect(answer.headers.get('set-cookie')).toContain('linko_refresh=')
})

test('after signing out the refresh token is worth nothing', async () => {
  const { body } = await login({ ...own, client: 'api' })
  const { refreshToken } = body
  expect((await gateway.call('POST', '/api/v1/auth/logout', { body: { refreshToken } })).status).toBe(204)
  expect((await gateway.call('POST', '/api/v1/auth/refresh', { body: { refreshToken } })).status).toBe(401)
})

test('[F48] ten wrong passwords lock the account for this address, the right one included', async () => {
  for (let i = 0; i < 10; i++) expect((await login({ ...own, password: `wrong ${i}` })).status).toBe(401)
  const locked = await login(own)
  expect([locked.status, locked.body.errorCode]).toEqual([429, 'LOGIN_LOCKED'])
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('[F48] guesses made at the same moment are counted each', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => login({ ...own, password: `wrong ${i}` })))
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
})

test('a right password forgets the wrong ones', async () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 8; i++) await login({ ...own, password: `wrong ${i}` })
    expect((await login(own)).status).toBe(200)
  }
})

test('a new password ends every session and is checked', async () => {
  const person = { email: PEOPLE.manager, password: passwordOf('manager') }
  const { body } = await login({ ...person, client: 'api' })
  const change = (newPassword: string, currentPassword = person.password) =>
    gateway.call('POST', '/api/v1/auth/password', { token: body.accessToken, body: { currentPassword, newPassword } })
  expect((await change('short')).body.errorCode).toBe('PASSWORD_WEAK')
  expect((await change('a long enough secret', 'wrong')).body.errorCode).toBe('PASSWORD_WRONG')
  expect((await change('a long enough secret')).status).toBe(204)
  const { refreshToken } = body
  expect((await gateway.call('POST', '/api/v1/auth/refresh', { body: { refreshToken } })).status).toBe(401)
  await expect.poll(async () => (await gateway.call('GET', '/api/v1/auth/me', { token: body.accessToken })).status).toBe(401)
  expect((await login({ ...person, password: 'a long enough secret' })).status).toBe(200)
})

describe('tokens', () => {
  test.for([undefined, 'nonsense', 'eyJhbGciOiJub25lIn0.e30.', 'lk_000000000000_00'])('[F46] %s opens nothing', async token => {
    const { status, body, headers } = await gateway.call('GET', '/api/v1/conversations', { token })
    expect([status, body.errorCode, headers.get('www-authenticate')]).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
  })

  test('[F46] a disabled user and a closed tenant are out within a second', async () => {
    const token = await gateway.tokenFor('other')
    const status = async () => (await gateway.call('GET', '/api/v1/conversations', { token })).status
    expect(await status()).toBe(200)
    const user = await userByEmail(gateway.store, PEOPLE.other)
    await gateway.store.models.users.updateOne({ tenantId: user.tenantId, _id: user._id }, { $set: { status: 'disabled' } })
    await expect.poll(status, { timeout: 1500 }).toBe(401)
    await gateway.store.models.users.updateOne({ tenantId: user.tenantId, _id: user._id }, { $set: { status: 'active' } })
    await expect.poll(status, { timeout: 1500 }).toBe(200)
    await gateway.store.models.tenants.updateOne({ _id: user.tenantId }, { $set: { status: 'suspended' } })
    await expect.poll(status, { timeout: 1500 }).toBe(403)
    await gateway.store.models.tenants.updateOne({ _id: user.tenantId }, { $set: { status: 'active' } })
    await expect.poll(status, { timeout: 1500 }).toBe(200)
  })

  test('[F46] an expired one is refused', async () => {
    const user = await userByEmail(gateway.store, PEOPLE.agent)
    const token = await tokenOf(user, -60_000)
    expect((await gateway.call('GET', '/api/v1/auth/me', { token })).status).toBe(401)
  })

  test('an API key may what its scopes say', async () => {
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
    const fields = { tenantId, name: 'ATS', role: 'agent' as const, scopes: ['templates.*'] }
    const { key } = await createApiKey(gateway.store, fields)
    expect((await gateway.call('GET', '/api/v1/templates', { token: key })).status).toBe(200)
    expect((await gateway.call('GET', '/api/v1/conversations', { token: key })).status).toBe(403)
  })
})

describe('X-Organization-Id', () => {
  test("[AU-05] [AU-08] [ON-28] [F49] names the caller's own tenant, or any for a platform admin, which leaves an audit entry", async () => {
    const other = await userByEmail(gateway.store, PEOPLE.other)
    const mine = await userByEmail(gateway.store, PEOPLE.agent)
    const as = (person: 'agent' | 'platform', organization: unknown) =>
      gateway.call('GET', '/api/v1/phone-numbers', {
        as: person,
        headers: { 'x-organization-id': String(organization) },
      })
    expect((await as('agent', mine.tenantId)).status).toBe(200)
    expect((await as('agent', other.tenantId)).status).toBe(403)
    const foreign = await as('platform', other.tenantId)
    expect(foreign.body.data.map((row: { phoneNumberId: string }) => row.phoneNumberId)).toEqual(['2054543651068213'])
    expect((await as('platform', '0'.repeat(24))).status).toBe(404)
    const traces = await gateway.store.models.auditLog.find({ tenantId: other.tenantId, action: 'tenants.any' }).lean()
    expect(traces).toHaveLength(1)
    const me = await gateway.call('GET', '/api/v1/auth/me', {
      as: 'platform',
      headers: { 'x-organization-id': String(other.tenantId) },
    })
    expect(me.body.email).toBe(PEOPLE.platform)
  })
})

describe('headers of a trusted gateway', () => {
  const as = (headers: Record<string, string>, token?: string) =>
    gateway.call('GET', '/api/v1/auth/me', { token, headers: { 'x-gateway-secret': SECRET, ...headers } })

  test('[AU-06] [F49] count only with the secret', async () => {
    expect((await as({ email: PEOPLE.agent, role: 'SELLER' })).body.email).toBe(PEOPLE.agent)
    expect((await as({ email: PEOPLE.agent, role: 'SELLER', 'x-gateway-secret': 'wrong' })).status).toBe(401)
  })

  test('[AU-06] [AU-12] [F49] never give more than the person has', async () => {
    const read = (role: string) =>
      gateway.call('GET', '/api/v1/webhook-events', {
        headers: { 'x-gateway-secret': SECRET, email: PEOPLE.agent, role },
      })
    expect((await read('SYSTEM_ADMINS')).status).toBe(403)
  })

  test.for<[string, Record<string, string>]>([
    ['an unknown address', { email: 'nobody@x.example', role: 'ADMIN' }],
    ['a list of addresses', { email: `${PEOPLE.agent}, ${PEOPLE.admin}`, role: 'ADMIN' }],
    ['an unknown role', { email: PEOPLE.agent, role: 'KING' }],
    ['no role', { email: PEOPLE.agent }],
  ])('[F49] refused: %s', async ([, headers]) => {
    expect((await as(headers)).status).toBe(401)
  })

  test('[F49] refused together with a token', async () => {
    expect((await as({ email: PEOPLE.agent, role: 'SELLER' }, await gateway.tokenFor('agent'))).status).toBe(400)
  })
})
