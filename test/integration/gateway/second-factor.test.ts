import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { rewriteTokens } from '#services/gateway/numbers/rewrite-tokens.ts'
import { confirm } from '#services/realtime/authenticate.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person, passwordOf } from '#test/support/worlds/gateway.ts'
import { TOKEN_KEY } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

const own = (method: string, path: string, as: Person, body?: object) =>
  gateway.call(method, `/api/v1/auth/second-factor${path}`, { as, ...(body && { body }) })
const login = (person: Person, code?: string) =>
  gateway.call('POST', '/api/v1/auth/login', {
    body: { email: PEOPLE[person], password: passwordOf(person), ...(code && { code }) },
  })
const codeOf = (secret: string) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: gateway.deps.now().getTime() })
const rowOf = (person: Person) => userByEmail(gateway.store, PEOPLE[person])

/** The next code: one works once. */
function nextCode(secret: string): string {
  gateway.clock.now = new Date(gateway.deps.now().getTime() + 30_000)
  return codeOf(secret)
}

async function setUp(person: Person): Promise<{ secret: string; recoveryCodes: string[] }> {
  gateway.clock.now ??= new Date()
  const { body } = await own('POST', '', person)
  const { body: confirmed } = await own('POST', '/confirm', person, { code: nextCode(body.secret) })
  return { secret: body.secret, recoveryCodes: confirmed.recoveryCodes }
}

test('a second factor counts once a code has confirmed it, and each code works once', async () => {
  gateway.clock.now = new Date()
  const begun = await own('POST', '', 'agent')
  expect(begun.status).toBe(200)
  expect(begun.body.url).toContain('otpauth://totp/Linko:agent%40whatsapp-saas.com')
  expect(begun.body.qrSvg).toContain('<svg')
  expect((await login('agent')).status).toBe(200)
  expect((await own('POST', '/confirm', 'agent', { code: '000000' })).body.errorCode).toBe('CODE_WRONG')
  const { secret } = begun.body
  const confirmed = await own('POST', '/confirm', 'agent', { code: nextCode(secret) })
  expect([confirmed.status, confirmed.body.recoveryCodes.length]).toEqual([200, 10])
  expect((await own('GET', '', 'agent')).body).toEqual({ isInForce: true, isRequired: false, recoveryCodesLeft: 10 })
  expect((await own('POST', '', 'agent')).body.errorCode).toBe('SECOND_FACTOR_IN_FORCE')

  expect((await login('agent')).body.errorCode).toBe('CODE_REQUIRED')
  expect((await login('agent', codeOf(secret))).body.errorCode).toBe('CODE_WRONG')
  const code = nextCode(secret)
  const answers = await Promise.all([login('agent', code), login('agent', code), login('agent', code)])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401])

  const stored = JSON.stringify(await gateway.store.raw.users.find().toArray())
  for (const value of [secret, ...confirmed.body.recoveryCodes]) expect(stored).not.toContain(value)
  const entries = await gateway.store.raw.auditLog.find({ action: 'users.secondFactor' }).toArray()
  expect(entries.map(({ changes }) => changes.factor?.after)).toEqual(['set'])
})

test('a recovery code signs in once; new ones end the old; a code removes the factor', async () => {
  const { secret, recoveryCodes } = await setUp('manager')
  const [first, second] = recoveryCodes as [string, string]
  expect([(await login('manager', first)).status, (await login('manager', first)).body.errorCode]).toEqual([200, 'CODE_WRONG'])
  const renewed = await own('POST', '/recovery-codes', 'manager', { code: nextCode(secret) })
  expect([(await login('manager', second)).status, (await login('manager', renewed.body.recoveryCodes[0])).status]).toEqual([
    401, 200,
  ])
  expect((await own('POST', '/remove', 'manager', { code: '123456' })).status).toBe(422)
  expect((await own('POST', '/remove', 'manager', { code: nextCode(secret) })).status).toBe(204)
  expect((await login('manager')).status).toBe(200)
})

test('an admin removes the factor of somebody who lost the device, nobody that of somebody above them', async () => {
  await setUp('manager')
  const { _id } = await rowOf('manager')
  expect((await login('manager')).status).toBe(401)
  const remove = (id: unknown, as: Person) => gateway.call('DELETE', `/api/v1/users/${id}/second-factor`, { as })
  expect((await remove(_id, 'other')).status).toBe(404)
  expect((await remove((await rowOf('platform'))._id, 'admin')).body.errorCode).toBe('ROLE_TOO_HIGH')
  expect((await remove(_id, 'admin')).status).toBe(204)
  expect((await login('manager')).status).toBe(200)
})

test('[F48] wrong codes are counted and lock like wrong passwords', async () => {
  const { secret } = await setUp('admin')
  for (let i = 0; i < 10; i++) expect((await login('admin', '000000')).body.errorCode).toBe('CODE_WRONG')
  expect((await login('admin', nextCode(secret))).body.errorCode).toBe('LOGIN_LOCKED')
  const keys = await gateway.redis.keys(`linko:${gateway.store.connection.name}:lock*`)
  await gateway.redis.del(keys)
  expect((await login('admin', nextCode(secret))).status).toBe(200)
  await own('POST', '/remove', 'admin', { code: nextCode(secret) })
})

test('a company that asks for a second factor lets nobody on without one, on sockets neither', async () => {
  gateway.clock.now = null
  const put = (requireSecondFactor: boolean, as: Person) =>
    gateway.call('PUT', '/api/v1/settings', { as, body: { requireSecondFactor } })
  expect((await put(true, 'other')).body.requireSecondFactor).toBe(true)
  const read = () => gateway.call('GET', '/api/v1/conversations', { as: 'other' })
  await untilPasses(async () => expect((await read()).body.errorCode).toBe('SECOND_FACTOR_MISSING'))
  const user = await rowOf('other')
  const access = {
    userId: String(user._id),
    tenantId: String(user.tenantId),
    role: user.role,
    tokenVersion: user.tokenVersion,
    expiresAt: new Date(Date.now() + 60_000),
  }
  expect(await confirm(gateway.store, access)).toBeNull()
  expect((await gateway.call('GET', '/api/v1/auth/me', { as: 'other' })).status).toBe(200)
  await setUp('other')
  await untilPasses(async () => expect((await read()).status).toBe(200))
  expect(await confirm(gateway.store, access)).toMatchObject({ userId: access.userId })
})

test('a new key of the installation encrypts the secrets anew', async () => {
  const { secret } = await setUp('platform')
  const before = (await rowOf('platform')).secondFactor?.secret
  const keys = { TOKEN_ENCRYPTION_KEYS: `second:${'22'.repeat(32)},default:${TOKEN_KEY}` }
  const keyring = createKeyring(keys)
  await rewriteTokens({ store: gateway.store, keyring, log: gateway.deps.log })
  const after = (await rowOf('platform')).secondFactor?.secret
  expect([after === before, after?.startsWith('v1:second:')]).toEqual([false, true])
  const deps: GatewayDeps = gateway.deps
  deps.keyring = keyring
  expect((await login('platform', nextCode(secret))).status).toBe(200)
  deps.keyring = null
  expect((await login('platform', nextCode(secret))).body.errorCode).toBe('SECOND_FACTOR_UNREADABLE')
})
