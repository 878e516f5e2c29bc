import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { authFailures } from '#shared/process/metrics.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const PASSWORD = 'correct horse battery staple'
const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { TRUST_PROXY: '1', DASHBOARD_URL: 'https://app.test' }))
})
afterAll(() => stack.disposeAsync())

let count = 0
const address = () => `person${++count}@example.com`
const api = (method: string, path: string, as?: Person, body?: object, headers = {}) =>
  gateway.call(method, `/api/v1${path}`, { ...(as && { as }), ...(body && { body }), headers })
const login = (email: string, password: string, headers = {}) =>
  api('POST', '/auth/login', undefined, { email, password, client: 'api' }, headers)
const accept = (token: string, password = PASSWORD, headers = {}) =>
  api('POST', '/auth/links/accept', undefined, { token, password }, headers)
const me = (token: string) => gateway.call('GET', '/api/v1/auth/me', { token })

/** A new person of the demo's account, who has chosen a password. */
async function join(role = 'agent') {
  const email = address()
  const { body } = await api('POST', '/users', 'admin', { email, name: 'Ana', role })
  expect((await accept(body.link.token)).status).toBe(204)
  return { id: body.id as string, email }
}
const entriesOf = async (action: string, id: string) =>
  await gateway.store.raw.auditLog.find({ action, 'object.id': id }).toArray()

describe('a user', () => {
  test('[AU-02] is registered by admins only, in their own account, and signs in by the link of the answer', async () => {
    const body = { email: address(), name: 'Nadia', role: 'manager' }
    expect((await api('POST', '/auth/register', undefined, body)).status).toBe(401)
    for (const as of ['agent', 'manager'] as const) expect((await api('POST', '/auth/register', as, body)).status).toBe(403)
    const made = await api('POST', '/auth/register', 'admin', body)
    expect(made.status).toBe(201)
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.admin)
    expect(made.body).toMatchObject({ ...body, tenantId: String(tenantId), status: 'invited', lastSeenAt: null })
    expect(made.body.link).toMatchObject({ purpose: 'invitation', url: `https://app.test/welcome#token=${made.body.link.token}` })
    expect((await login(body.email, PASSWORD)).status).toBe(401)
    const { token } = made.body.link
    const read = await api('POST', '/auth/links/read', undefined, { token })
    expect(read.body).toMatchObject({ purpose: 'invitation', email: body.email, name: 'Nadia', company: 'Atlas Recrutement' })
    expect((await accept(token)).status).toBe(204)
    const { status, body: session } = await login(body.email, PASSWORD)
    expect([status, session.user.role]).toEqual([200, 'manager'])
    expect((await api('GET', `/users/${made.body.id}`, 'admin')).body.lastSeenAt).not.toBeNull()
    expect(await entriesOf('users.create', made.body.id)).toHaveLength(1)
    expect((await entriesOf('users.linkUsed', made.body.id))[0]?.changes.status).toEqual({ before: 'invited', after: 'active' })
  })

  test('[AU-02] may be registered with a password, which the rules for passwords bound', async () => {
    const body = { email: address(), name: 'Ana', role: 'agent', password: 'short' }
    expect((await api('POST', '/auth/register', 'admin', body)).body.errorCode).toBe('PASSWORD_WEAK')
    const made = await api('POST', '/auth/register', 'admin', { ...body, password: PASSWORD })
    expect([made.status, made.body.status, made.body.link]).toEqual([201, 'active', null])
    expect((await login(body.email, PASSWORD)).status).toBe(200)
  })

  test('[AU-02] [AU-08] is registered anywhere by a platform admin, and nowhere else by others', async () => {
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.other)
    const there = { tenantId: String(tenantId), name: 'Ana', role: 'tenant_admin' }
    const made = await api('POST', '/users', 'platform', { ...there, email: address() })
    expect([made.status, made.body.tenantId]).toEqual([201, there.tenantId])
    const headers = { 'x-organization-id': there.tenantId }
    const acting = await api('POST', '/users', 'platform', { email: address(), name: 'Ana' }, headers)
    expect([acting.status, acting.body.tenantId]).toEqual([201, there.tenantId])
    expect((await api('POST', '/users', 'admin', { ...there, email: address() })).status).toBe(404)
    expect((await api('POST', '/users', 'admin', { ...there, tenantId: '0'.repeat(24), email: address() })).status).toBe(404)
  })

  test('[AU-09] is listed, searched, renamed, given another role, disabled and enabled by the admins of the account', async () => {
    const { id, email } = await join()
    const found = await api('GET', `/users?q=${email}&status=active&role=agent`, 'admin')
    expect([found.body.total, found.body.data[0].id]).toEqual([1, id])
    for (const as of ['agent', 'manager'] as const) expect((await api('GET', '/users', as)).status).toBe(403)
    expect((await api('GET', '/users/names', 'agent')).body.data.map((one: { id: string }) => one.id)).toContain(id)
    expect((await api('PATCH', `/users/${id}`, 'admin', { name: 'Anouar', role: 'manager' })).body).toMatchObject({
      name: 'Anouar',
      role: 'manager',
    })
    expect((await api('PUT', `/users/${id}`, 'admin', { status: 'disabled' })).body.status).toBe('disabled')
    expect((await login(email, PASSWORD)).status).toBe(401)
    expect((await api('PATCH', `/users/${id}`, 'admin', { status: 'active' })).body.status).toBe('active')
    expect((await login(email, PASSWORD)).status).toBe(200)
    const entries = await entriesOf('users.update', id)
    expect(entries.map(({ changes }) => Object.keys(changes))).toEqual([['name', 'role'], ['status'], ['status']])
  })

  test('[AU-09] has an address of their own on the whole platform, which is free again when they are deleted', async () => {
    const { id, email } = await join()
    const again = { email: email.toUpperCase(), name: 'Ana' }
    const taken = await api('POST', '/users', 'other', again)
    expect([taken.status, taken.body.errorCode]).toEqual([409, 'EMAIL_TAKEN'])
    const second = await join()
    expect((await api('PATCH', `/users/${second.id}`, 'admin', { email })).body.errorCode).toBe('EMAIL_TAKEN')
    expect((await api('DELETE', `/users/${id}`, 'admin')).status).toBe(204)
    expect((await api('GET', `/users/${id}`, 'admin')).status).toBe(404)
    expect((await login(email, PASSWORD)).status).toBe(401)
    expect((await api('POST', '/users', 'other', again)).status).toBe(201)
  })

  test('[AU-09] above the own role, the own account and the last admin stay as they are', async () => {
    const platform = String((await userByEmail(gateway.store, PEOPLE.platform))._id)
    const own = String((await userByEmail(gateway.store, PEOPLE.admin))._id)
    const last = String((await userByEmail(gateway.store, PEOPLE.other))._id)
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.other)
    await gateway.store.raw.users.deleteMany({ tenantId, role: 'tenant_admin', email: { $ne: PEOPLE.other } })
    const there = { 'x-organization-id': String(tenantId) }
    const codes = await Promise.all([
      api('POST', '/users', 'admin', { email: address(), name: 'Ana', role: 'platform_admin' }),
      api('PATCH', `/users/${platform}`, 'admin', { name: 'A' }),
      api('POST', `/users/${platform}/link`, 'admin'),
      api('DELETE', `/users/${platform}/sessions`, 'admin'),
      api('DELETE', `/users/${platform}`, 'admin'),
      api('PATCH', `/users/${own}`, 'admin', { role: 'agent' }),
      api('DELETE', `/users/${own}`, 'admin'),
      // Both would ask for no password or code of the account.
      api('POST', `/users/${own}/link`, 'admin'),
      api('DELETE', `/users/${own}/second-factor`, 'admin'),
      api('PATCH', `/users/${last}`, 'platform', { status: 'disabled' }, there),
      api('DELETE', `/users/${last}`, 'platform', undefined, there),
    ])
    expect(codes.map(({ body }) => body.errorCode)).toEqual([
      ...Array(5).fill('ROLE_TOO_HIGH'),
      ...Array(4).fill('OWN_ACCOUNT'),
      ...['LAST_ADMIN', 'LAST_ADMIN'],
    ])
  })

  test('[AU-09] two admins who remove each other at the same moment do not both go', async () => {
    const email = address()
    const { body } = await api('POST', '/tenants', 'platform', { name: 'Two', adminEmail: email, adminName: 'First' })
    await accept(body.link.token)
    const first = (await login(email, PASSWORD)).body
    const as = (token: string, method: string, path: string, sent?: object) =>
      gateway.call(method, `/api/v1${path}`, { token, ...(sent && { body: sent }) })
    const other = address()
    const made = await as(first.accessToken, 'POST', '/users', { email: other, name: 'Second', role: 'tenant_admin' })
    await accept(made.body.link.token)
    const second = (await login(other, PASSWORD)).body
    const answers = await Promise.all([
      as(first.accessToken, 'DELETE', `/users/${second.user.id}`),
      as(second.accessToken, 'DELETE', `/users/${first.user.id}`),
    ])
    expect(answers.map(({ status }) => status).filter(status => status === 204)).toHaveLength(1)
    const left = { tenantId: made.body.tenantId, role: 'tenant_admin' as const, status: 'active' as const, deletedAt: null }
    expect(await gateway.store.models.users.countDocuments(left)).toBe(1)
  })

  test('[AU-02] a repeated request with its Idempotency-Key gets the first answer, link and all, and no secret is stored', async () => {
    const body = { email: address(), name: 'Ana' }
    const headers = { 'idempotency-key': `key-${count}` }
    const [first, second] = [
      await api('POST', '/users', 'admin', body, headers),
      await api('POST', '/users', 'admin', body, headers),
    ]
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body])
    const kept = JSON.stringify(await gateway.store.raw.idempotencyKeys.find().toArray())
    const rows = JSON.stringify(await gateway.store.raw.accountLinks.find().toArray())
    expect(kept + rows).not.toContain(first.body.link.token)
    expect(rows).toContain(createHash('sha256').update(first.body.link.token).digest('hex'))
  })
})

describe('a one-time link', () => {
  const reset = async (id: string) => (await api('POST', `/users/${id}/link`, 'admin')).body

  test('[AU-02] works once, for 24 hours, until a newer one is made', async () => {
    const { id, email } = await join()
    const [old, link] = [await reset(id), await reset(id)]
    expect(link.purpose).toBe('reset')
    const answered = await accept(old.token)
    expect([answered.status, answered.body.errorCode]).toEqual([410, 'LINK_INVALID'])
    const words = [await accept(link.token, 'another good password'), await accept(link.token, 'and one more password')]
    expect(words.map(({ status }) => status)).toEqual([204, 410])
    expect((await login(email, 'another good password')).status).toBe(200)
    const late = await reset(id)
    gateway.clock.now = new Date(Date.now() + 24 * 3_600_000 + 1000)
    expect((await accept(late.token)).status).toBe(410)
    gateway.clock.now = null
    expect((await accept(late.token)).status).toBe(204)
  })

  test('[AU-02] used twice at the same moment sets one password', async () => {
    const { id } = await join()
    const { token } = await reset(id)
    const answers = await Promise.all([1, 2, 3].map(i => accept(token, `a good password ${i}`)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 410, 410])
  })

  test('[AU-02] of somebody who was disabled works no more; a weak password does not use one up', async () => {
    const { id } = await join()
    const { token } = await reset(id)
    expect((await accept(token, 'short')).body.errorCode).toBe('PASSWORD_WEAK')
    await api('PATCH', `/users/${id}`, 'admin', { status: 'disabled' })
    expect((await accept(token)).status).toBe(410)
    expect((await api('POST', `/users/${id}/link`, 'admin')).body.errorCode).toBe('USER_DISABLED')
    await api('PATCH', `/users/${id}`, 'admin', { status: 'active' })
    expect((await accept(token)).status).toBe(204)
  })

  test('[F48] opens a locked account to its owner, and guesses of tokens are counted and end', async () => {
    const { id, email } = await join()
    const from = { 'x-forwarded-for': '203.0.113.77' }
    for (let i = 0; i < 11; i++) await login(email, 'wrong', from)
    expect((await login(email, PASSWORD, from)).body.errorCode).toBe('LOGIN_LOCKED')
    await accept((await reset(id)).token, PASSWORD, from)
    expect((await login(email, PASSWORD, from)).status).toBe(200)
    const before = await counted('link', 'wrong')
    expect((await accept('x'.repeat(43), PASSWORD, from)).status).toBe(410)
    expect((await counted('link', 'wrong')) - before).toBe(1)
  })
})

/** What linko_auth_failures_total has counted. */
async function counted(kind: string, outcome: string): Promise<number> {
  const { values } = await authFailures.get()
  return values.find(({ labels }) => labels.kind === kind && labels.outcome === outcome)?.value ?? 0
}

describe('a session', () => {
  test('[AU-17] is listed with its device, and its end is the end of it alone', async () => {
    const { id, email } = await join()
    const here = (await login(email, PASSWORD, { 'user-agent': 'phone', 'x-forwarded-for': '198.51.100.4' })).body
    const there = (await login(email, PASSWORD, { 'user-agent': 'laptop' })).body
    const { body } = await gateway.call('GET', '/api/v1/auth/sessions', { token: here.accessToken })
    expect(body.data.map((one: { userAgent: string }) => one.userAgent)).toEqual(['laptop', 'phone'])
    expect(body.data[1].ip).toBe('198.51.100.4')
    expect((await api('GET', `/users/${id}/sessions`, 'admin')).body.data).toHaveLength(2)
    const ended = await gateway.call('DELETE', `/api/v1/auth/sessions/${body.data[1].id}`, { token: here.accessToken })
    expect(ended.status).toBe(204)
    const refresh = (refreshToken: string, agent: string) =>
      api('POST', '/auth/refresh', undefined, { refreshToken }, { 'user-agent': agent })
    expect((await refresh(here.refreshToken, 'phone')).status).toBe(401)
    await untilPasses(async () => expect((await me(here.accessToken)).status).toBe(401))
    const renewed = await refresh(there.refreshToken, 'laptop')
    expect([renewed.status, (await me(renewed.body.accessToken)).status]).toEqual([200, 200])
    expect(
      (await gateway.call('DELETE', `/api/v1/auth/sessions/${body.data[1].id}`, { token: renewed.body.accessToken })).status,
    ).toBe(404)
  })

  test('[AU-09] of a user, or all of them, is ended by an admin: no token of theirs works on', async () => {
    const { id, email } = await join()
    const { accessToken, refreshToken } = (await login(email, PASSWORD)).body
    expect((await me(accessToken)).status).toBe(200)
    expect((await api('DELETE', `/users/${id}/sessions`, 'other')).status).toBe(404)
    expect((await api('DELETE', `/users/${id}/sessions`, 'admin')).status).toBe(204)
    expect((await api('POST', '/auth/refresh', undefined, { refreshToken })).status).toBe(401)
    await untilPasses(async () => expect((await me(accessToken)).status).toBe(401))
    expect(await entriesOf('users.endSessions', id)).toHaveLength(1)
  })

  test.for([{ role: 'manager' }, { status: 'disabled' }])('[AU-09] ends when its user gets %j', async change => {
    const { id, email } = await join()
    const { refreshToken, accessToken } = (await login(email, PASSWORD)).body
    expect((await api('PATCH', `/users/${id}`, 'admin', change)).status).toBe(200)
    expect((await api('POST', '/auth/refresh', undefined, { refreshToken })).status).toBe(401)
    await untilPasses(async () => expect((await me(accessToken)).status).toBe(401))
  })
})

describe('an API key', () => {
  const withKey = (token: string, method = 'GET', path = '/conversations') => gateway.call(method, `/api/v1${path}`, { token })
  const make = (body: object, as: Person = 'admin', headers = {}) =>
    api('POST', '/api-keys', as, { name: 'erp', scopes: ['conversations.read'], ...body }, headers)

  test('is shown once, listed by its prefix with scopes, last use and expiry, and not stored', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
    const { status, body } = await make({ expiresAt, scopes: ['conversations.*', 'messages.send'] })
    expect(status).toBe(201)
    expect(body.key).toMatch(/^lk_[0-9a-f]{12}_[0-9a-f]{64}$/)
    expect((await withKey(body.key)).status).toBe(200)
    const { key, ...rest } = body
    const read = await api('GET', `/api-keys/${body.id}`, 'admin')
    expect(read.body).toEqual({ ...rest, lastUsedAt: expect.any(String) })
    expect(read.body).toMatchObject({
      prefix: key.slice(0, 15),
      scopes: ['conversations.*', 'messages.send'],
      expiresAt,
      state: 'active',
    })
    expect(JSON.stringify((await api('GET', '/api-keys', 'admin')).body)).not.toContain(key)
    expect(JSON.stringify(await gateway.store.raw.apiKeys.find().toArray())).not.toContain(key.slice(16))
    expect(await entriesOf('apiKeys.create', body.id)).toHaveLength(1)
  })

  test('may do what its scopes and its role allow, nothing else', async () => {
    const { body } = await make({ role: 'tenant_admin' })
    expect((await withKey(body.key)).status).toBe(200)
    expect((await withKey(body.key, 'GET', '/users')).status).toBe(403)
    expect((await make({ scopes: ['nonsense.read'] })).status).toBe(400)
    expect((await make({ expiresAt: '2020-01-01T00:00:00Z' })).body.errorCode).toBe('EXPIRY_PAST')
    const { data } = (await api('GET', '/api-keys/scopes', 'admin')).body
    const area = data.find(({ scope }: { scope: string }) => scope === 'apiKeys.*')
    expect(area.actions).toEqual(['apiKeys.read', 'apiKeys.write'])
  })

  test('gives nobody more than they may do themselves', async () => {
    expect((await make({ role: 'platform_admin' })).body.errorCode).toBe('ROLE_TOO_HIGH')
    const { tenantId } = await userByEmail(gateway.store, PEOPLE.admin)
    const fields = { tenantId, name: 'of the platform', role: 'platform_admin' as const, scopes: ['*'] }
    const high = await createApiKey(gateway.store, fields)
    expect((await api('POST', `/api-keys/${high.row._id}/rotate`, 'admin', {})).body.errorCode).toBe('ROLE_TOO_HIGH')
    expect((await api('DELETE', `/api-keys/${high.row._id}`, 'admin')).body.errorCode).toBe('ROLE_TOO_HIGH')
    const { body } = await make({ role: 'tenant_admin', scopes: ['apiKeys.*'] })
    const wider = await gateway.call('POST', '/api/v1/api-keys', { token: body.key, body: { name: 'all', scopes: ['*'] } })
    expect([wider.status, wider.body.errorCode]).toEqual([403, 'SCOPE_TOO_WIDE'])
  })

  test('is replaced with an overlap, in which both work', async () => {
    const { body: old } = await make({})
    const { status, body } = await api('POST', `/api-keys/${old.id}/rotate`, 'admin', { overlapHours: 2 })
    expect([status, body.scopes, body.replaced.state]).toEqual([201, old.scopes, 'replaced'])
    expect([(await withKey(old.key)).status, (await withKey(body.key)).status]).toEqual([200, 200])
    expect((await api('POST', `/api-keys/${old.id}/rotate`, 'admin', {})).body.errorCode).toBe('KEY_ENDED')
    gateway.clock.now = new Date(Date.now() + 2 * 3_600_000 + 1000)
    await untilPasses(async () => expect((await withKey(old.key)).status).toBe(401))
    expect((await withKey(body.key)).status).toBe(200)
    gateway.clock.now = null
    expect(await entriesOf('apiKeys.rotate', old.id)).toHaveLength(1)
  })

  test('is revoked at once, and a rotation without overlap revokes the old one', async () => {
    const { body } = await make({})
    expect((await withKey(body.key)).status).toBe(200)
    expect((await api('DELETE', `/api-keys/${body.id}`, 'admin')).status).toBe(204)
    await untilPasses(async () => expect((await withKey(body.key)).status).toBe(401))
    expect((await api('GET', `/api-keys/${body.id}`, 'admin')).body.state).toBe('revoked')
    expect((await api('DELETE', `/api-keys/${body.id}`, 'admin')).status).toBe(404)
    const { body: second } = await make({})
    const next = await api('POST', `/api-keys/${second.id}/rotate`, 'admin', { overlapHours: 0 })
    expect([(await withKey(second.key)).status, (await withKey(next.body.key)).status]).toEqual([401, 200])
  })

  test('is made once for an Idempotency-Key, and the repeated answer shows it again', async () => {
    const headers = { 'idempotency-key': 'one-key' }
    const [first, second] = [await make({}, 'admin', headers), await make({}, 'admin', headers)]
    expect(second.body).toEqual(first.body)
    const kept = JSON.stringify(await gateway.store.raw.idempotencyKeys.find({ key: 'one-key' }).toArray())
    expect(kept).not.toContain(first.body.key.slice(16))
  })

  test('[F48] that is wrong is counted', async () => {
    const before = await counted('key', 'wrong')
    expect((await withKey(`lk_${'0'.repeat(12)}_${'0'.repeat(64)}`)).status).toBe(401)
    expect((await counted('key', 'wrong')) - before).toBe(1)
  })
})
