import { afterAll, beforeAll, expect, test } from 'vitest'
import { CLIENT, startIdentityProvider } from '#test/support/identity-provider.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, passwordOf } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let provider: Awaited<ReturnType<typeof startIdentityProvider>>
let gateway: Gateway
let env: Record<string, string>
beforeAll(async () => {
  provider = stack.use(await startIdentityProvider())
  env = {
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: CLIENT.id,
    OIDC_CLIENT_SECRET: CLIENT.secret,
    OIDC_NAME: 'Company login',
    DASHBOARD_URL: 'https://app.test',
  }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
})
afterAll(() => stack.disposeAsync())

const get = (at: Gateway, path: string, cookie?: string) =>
  fetch(at.url + path, { redirect: 'manual', headers: { ...(cookie && { cookie }), 'user-agent': 'browser' } })
const cookiesOf = (answer: Response) => answer.headers.getSetCookie().map(cookie => cookie.split(';')[0] as string)

/** What a browser sees that signs in at the provider. */
async function signIn(claims: Record<string, unknown>, { at = gateway, returnTo = '/inbox' } = {}) {
  const begun = await get(at, `/api/v1/auth/oidc/start?returnTo=${encodeURIComponent(returnTo)}`)
  const memo = cookiesOf(begun)[0] as string
  const { search } = provider.signIn(begun.headers.get('location') as string, claims)
  const path = `/api/v1/auth/oidc/callback${search}`
  const back = await get(at, path, memo)
  const refresh = cookiesOf(back).find(cookie => cookie.startsWith('linko_refresh='))
  return { begun, memo, path, location: back.headers.get('location'), refresh }
}
const ana = { sub: 'subject-of-the-agent', email: PEOPLE.agent, email_verified: true }

test('the sign-in page learns which ways in there are', async () => {
  const { body } = await gateway.call('GET', '/api/v1/auth/methods')
  expect(body).toEqual({ password: true, oidc: { name: 'Company login', startUrl: 'http://linko.test/api/v1/auth/oidc/start' } })
})

test('a user whom the provider names is signed in, and goes on with the page they came from', async () => {
  const { begun, location, refresh } = await signIn(ana)
  const asked = new URL(begun.headers.get('location') as string).searchParams
  expect([begun.status, asked.get('code_challenge_method'), asked.get('redirect_uri')]).toEqual([
    302,
    'S256',
    'http://linko.test/api/v1/auth/oidc/callback',
  ])
  expect(begun.headers.get('set-cookie')).toMatch(/^linko_oidc=.+; Path=\/api\/v1\/auth\/oidc; HttpOnly; SameSite=Lax/)
  expect(location).toBe('https://app.test/inbox')
  const session = await gateway.call('POST', '/api/v1/auth/refresh', {
    headers: { cookie: refresh as string, 'user-agent': 'browser' },
  })
  expect(session.body.user).toMatchObject({ email: PEOPLE.agent, role: 'agent' })
  expect((await userByEmail(gateway.store, PEOPLE.agent)).identity).toEqual({ issuer: provider.issuer, subject: ana.sub })
})

test('who is invited comes in without a password; a new address at the provider changes nothing', async () => {
  const { body } = await gateway.call('POST', '/api/v1/users', {
    as: 'admin',
    body: { email: 'invited@example.com', name: 'Ana' },
  })
  expect((await signIn({ sub: 'invited', email: 'Invited@Example.com' })).location).toBe('https://app.test/inbox')
  const { status, passwordHash } = await userByEmail(gateway.store, 'invited@example.com')
  expect([status, passwordHash]).toEqual(['active', null])
  expect((await signIn({ sub: 'invited', email: 'married@example.com' })).refresh).toBeDefined()
  const entries = await gateway.store.raw.auditLog.find({ 'object.id': body.id, 'actor.name': 'identity provider' }).toArray()
  expect(entries.map(({ action }) => action)).toEqual(['users.update'])
})

test.for<[why: string, claims: Record<string, unknown>, code: string]>([
  ['nobody has invited', { sub: 'x', email: 'stranger@example.com' }, 'OIDC_UNKNOWN'],
  ['the provider has not verified the address of', { sub: 'x', email: PEOPLE.manager, email_verified: false }, 'OIDC_EMAIL'],
  ['has no address', { sub: 'x' }, 'OIDC_EMAIL'],
  ['has the address of somebody else', { ...ana, sub: 'another' }, 'OIDC_OTHER'],
])('whom %s is not signed in', async ([, claims, code]) => {
  const { location, refresh } = await signIn(claims)
  expect([location, refresh]).toEqual([`https://app.test/login?error=${code}`, undefined])
})

test('a disabled user and one of a closed company are not signed in', async () => {
  const { tenantId, _id } = await userByEmail(gateway.store, PEOPLE.other)
  const claims = { sub: 'of-other', email: PEOPLE.other }
  await gateway.store.models.tenants.updateOne({ _id: tenantId }, { $set: { status: 'suspended' } })
  expect((await signIn(claims)).location).toContain('error=TENANT_INACTIVE')
  await gateway.store.models.tenants.updateOne({ _id: tenantId }, { $set: { status: 'active' } })
  await gateway.store.models.users.updateOne({ tenantId, _id }, { $set: { status: 'disabled' } })
  expect((await signIn(claims)).location).toContain('error=USER_DISABLED')
})

test('a code works once, in the browser that began, and for its own sign-in', async () => {
  const { path, memo } = await signIn(ana)
  const errorOf = async (cookie?: string, at = path) => (await get(gateway, at, cookie)).headers.get('location')
  expect(await errorOf(memo)).toContain('error=OIDC_REFUSED')
  expect(await errorOf()).toContain('error=OIDC_STATE')
  expect(await errorOf('linko_oidc=forged.memo')).toContain('error=OIDC_STATE')
  const { memo: otherMemo } = await signIn(ana)
  const begun = await get(gateway, '/api/v1/auth/oidc/start')
  const { search } = provider.signIn(begun.headers.get('location') as string, ana)
  expect(await errorOf(otherMemo, `/api/v1/auth/oidc/callback${search}`)).toContain('error=OIDC_REFUSED')
  provider.override = { nonce: 'of another sign-in' }
  expect((await signIn(ana)).location).toContain('error=OIDC_REFUSED')
  provider.override = {}
  expect((await signIn(ana, { returnTo: '//evil.example' })).location).toBe('https://app.test/')
})

test('roles follow the claim, and people whom nobody invited join the company of the installation', async () => {
  await using world = await createWorld()
  await using first = await openGateway(world)
  const { tenantId } = await userByEmail(first.store, PEOPLE.agent)
  const roles = { OIDC_ROLE_CLAIM: 'realm_access.roles', OIDC_ROLE_MAP: 'admins=tenant_admin,support=agent' }
  await using at = await openGateway(world, { ...env, ...roles, OIDC_TENANT_ID: String(tenantId), PASSWORD_SIGN_IN: 'false' })
  const claims = (...names: string[]) => ({ sub: 'new', email: 'new@example.com', name: 'Nadia', realm_access: { roles: names } })
  expect((await signIn(claims('support'), { at })).location).toBe('https://app.test/inbox')
  expect(await userByEmail(at.store, 'new@example.com')).toMatchObject({
    role: 'agent',
    name: 'Nadia',
    tenantId,
    status: 'active',
  })
  await signIn(claims('support', 'admins'), { at })
  const promoted = await userByEmail(at.store, 'new@example.com')
  expect([promoted.role, promoted.tokenVersion]).toEqual(['tenant_admin', 1])
  expect((await signIn(claims('strangers'), { at })).location).toContain('error=OIDC_ROLE')

  expect((await at.call('GET', '/api/v1/auth/methods')).body.password).toBe(false)
  const own = { email: PEOPLE.agent, password: passwordOf('agent') }
  expect((await at.call('POST', '/api/v1/auth/login', { body: own })).body.errorCode).toBe('PASSWORD_SIGN_IN_OFF')
  const change = { currentPassword: own.password, newPassword: 'correct horse battery staple' }
  expect((await at.call('POST', '/api/v1/auth/password', { as: 'agent', body: change })).body.errorCode).toBe(
    'PASSWORD_SIGN_IN_OFF',
  )
})
