import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { revocationChannel } from '#shared/contracts/revocation.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person, passwordOf } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const APP = { id: '918273645500112', secret: 'secret-of-the-app' }
const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let demo: string
let other: string
beforeAll(async () => {
  simulator = stack.use(await createSimulator({ appId: APP.id, appSecret: APP.secret }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP.id, META_APP_SECRET: APP.secret }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  demo = String((await userByEmail(gateway.store, PEOPLE.admin)).tenantId)
  other = String((await userByEmail(gateway.store, PEOPLE.other)).tenantId)
})
afterAll(() => stack.disposeAsync())

const api = (method: string, path: string, as?: Person, body?: object, headers = {}) =>
  gateway.call(method, `/api/v1${path}`, { ...(as && { as }), ...(body && { body }), headers })
const entriesOf = async (action: string, id: string) =>
  await gateway.store.raw.auditLog.find({ action, 'object.id': id }).toArray()

let count = 0
async function found(more: object = {}) {
  const adminEmail = `first${++count}@example.com`
  return await api('POST', '/tenants', 'platform', { name: `Company ${count}`, adminEmail, adminName: 'First', ...more })
}

describe('a tenant', () => {
  test('[AU-08] is created by a platform admin with the link of its first admin, who signs in and invites others', async () => {
    for (const as of ['agent', 'manager', 'admin'] as const) expect((await api('POST', '/tenants', as, {})).status).toBe(403)
    const { status, body } = await found({ timezone: 'Africa/Casablanca', ceilings: { messagesPerMinute: 100 } })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      status: 'active',
      timezone: 'Africa/Casablanca',
      ceilings: { messagesPerMinute: 100, messagesPerDay: null },
      limits: { messagesPerMinute: 100, messagesPerDay: null },
      admin: { role: 'tenant_admin', status: 'invited', tenantId: body.id },
      link: { purpose: 'invitation' },
    })
    const password = 'correct horse battery staple'
    await api('POST', '/auth/links/accept', undefined, { token: body.link.token, password })
    const { body: session } = await api('POST', '/auth/login', undefined, { email: body.admin.email, password })
    const token = session.accessToken
    const invited = { email: 'second@example.com', name: 'Second', role: 'agent' }
    expect((await gateway.call('POST', '/api/v1/users', { token, body: invited })).body.tenantId).toBe(body.id)
    expect((await gateway.call('GET', '/api/v1/pipelines', { token })).body.data).toHaveLength(1)
    expect(await entriesOf('tenants.create', body.id)).toHaveLength(1)
  })

  test('is there with its admin or not at all, and once for an Idempotency-Key', async () => {
    const before = await gateway.store.models.tenants.countDocuments()
    const taken = await api('POST', '/tenants', 'platform', { name: 'Twice', adminEmail: PEOPLE.agent, adminName: 'A' })
    expect([taken.status, taken.body.errorCode]).toEqual([409, 'EMAIL_TAKEN'])
    expect(await gateway.store.models.tenants.countDocuments()).toBe(before)
    const body = { name: 'Once', adminEmail: 'once@example.com', adminName: 'A' }
    const make = () => api('POST', '/tenants', 'platform', body, { 'idempotency-key': 'tenant-1' })
    const [first, second] = [await make(), await make()]
    expect(second.body).toEqual(first.body)
    expect(await gateway.store.models.tenants.countDocuments()).toBe(before + 1)
  })

  test('[ON-20] is listed with all others for a platform admin, alone for its own admin', async () => {
    const all = (await api('GET', '/tenants?limit=100', 'platform')).body
    expect(all.data.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([demo, other]))
    const own = (await api('GET', '/tenants', 'admin')).body
    expect([own.total, own.data[0].id, own.data[0].name]).toEqual([1, demo, 'Atlas Recrutement'])
    expect((await api('GET', '/tenants?q=rif', 'platform')).body.total).toBe(1)
    expect((await api('GET', '/tenants?q=rif', 'admin')).body.total).toBe(0)
    expect((await api('GET', '/tenants', 'manager')).status).toBe(403)
  })

  test('[ON-22] is renamed by its admin; status and ceilings are set by a platform admin alone', async () => {
    expect((await api('PUT', `/tenants/${other}`, 'other', { name: 'Rif' })).body.name).toBe('Rif')
    for (const body of [{ status: 'suspended' }, { ceilings: { messagesPerDay: 5 } }])
      expect((await api('PUT', `/tenants/${other}`, 'other', body)).status).toBe(403)
    expect((await api('PATCH', `/tenants/${other}`, 'platform', { status: 'suspended' })).body.status).toBe('suspended')
    const login = () => api('POST', '/auth/login', undefined, { email: PEOPLE.other, password: passwordOf('other') })
    expect((await login()).status).toBe(401)
    expect((await api('PATCH', `/tenants/${other}`, 'platform', { status: 'active' })).body.status).toBe('active')
    expect((await login()).status).toBe(200)
    const entries = await entriesOf('tenants.update', other)
    expect(entries.map(({ changes }) => Object.keys(changes))).toEqual([['name'], ['status'], ['status']])
  })

  test('[ON-22] of others answers a tenant admin like one that does not exist', async () => {
    const commands: string[][] = []
    for (const id of [demo, new Types.ObjectId().toHexString()]) {
      const answers = [
        await api('GET', `/tenants/${id}`, 'other'),
        await api('GET', `/tenants/${id}/status`, 'other'),
        await api('PUT', `/tenants/${id}`, 'other', { name: 'A' }),
      ]
      commands.push(answers.map(({ status, body }) => `${status} ${body.errorCode} ${body.detail}`))
    }
    expect(commands[0]).toEqual(commands[1])
    expect(commands[0]).toEqual(Array(3).fill('404 NOT_FOUND The tenant was not found.'))
  })

  test('[ON-23] that is deactivated has no sign-in, no token, no key and no socket, until it is reactivated', async () => {
    const token = await gateway.tokenFor('other')
    const { body: key } = await api('POST', '/api-keys', 'other', { name: 'erp', scopes: ['conversations.read'] })
    const heard: string[] = []
    const listener = gateway.redis.duplicate({ enableOfflineQueue: true })
    await listener.subscribe(revocationChannel(gateway.store.connection.name))
    listener.on('message', (_channel, text) => heard.push(text))
    const statuses = async () => [
      (await gateway.call('GET', '/api/v1/conversations', { token })).status,
      (await gateway.call('GET', '/api/v1/conversations', { token: key.key })).status,
    ]
    // Asked for once each time: refused sign-ins are counted, and soon locked.
    const signIn = async () =>
      (await api('POST', '/auth/login', undefined, { email: PEOPLE.other, password: passwordOf('other') })).status
    expect([...(await statuses()), await signIn()]).toEqual([200, 200, 200])
    expect((await api('DELETE', `/tenants/${other}`, 'other')).status).toBe(403)
    const gone = await api('DELETE', `/tenants/${other}`, 'platform')
    expect([gone.status, gone.body.status, gone.body.deactivatedAt]).toEqual([200, 'deactivated', expect.any(String)])
    await untilPasses(async () => expect(await statuses()).toEqual([403, 403]))
    expect(await signIn()).toBe(401)
    await untilTrue(() => heard.includes(JSON.stringify({ tenantId: other, userId: null })))
    expect((await api('PATCH', `/tenants/${other}`, 'platform', { status: 'active' })).body.errorCode).toBe('TENANT_DEACTIVATED')
    expect((await api('POST', `/tenants/${other}/reactivate`, 'platform')).body).toMatchObject({
      status: 'active',
      deactivatedAt: null,
    })
    await untilPasses(async () => expect(await statuses()).toEqual([200, 200]))
    expect(await signIn()).toBe(200)
    expect((await api('DELETE', `/tenants/${demo}`, 'platform')).body.errorCode).toBe('OWN_TENANT')
    expect(
      [await entriesOf('tenants.deactivate', other), await entriesOf('tenants.reactivate', other)].map(({ length }) => length),
    ).toEqual([1, 1])
    listener.disconnect()
  })

  test('[AU-08] is acted in by a platform admin under X-Organization-Id, which the tenant can read in its audit log', async () => {
    const headers = { 'x-organization-id': other }
    expect((await api('GET', '/users', 'platform', undefined, headers)).body.data[0].tenantId).toBe(other)
    expect((await api('GET', '/users', 'admin', undefined, headers)).status).toBe(403)
    const rows = await gateway.store.raw.auditLog.find({ tenantId: new Types.ObjectId(other), action: 'tenants.any' }).toArray()
    expect(rows.at(-1)).toMatchObject({ actor: { name: 'Platform Admin' }, object: { id: 'GET /api/v1/users' } })
  })
})

describe('limits', () => {
  test('that the platform sets hold; the tenant tightens its own and gets them back when the platform allows more', async () => {
    const { body: tenant } = await found({ ceilings: { messagesPerMinute: 50 } })
    const headers = { 'x-organization-id': tenant.id }
    const set = (body: object) => api('PUT', '/limits', 'platform', body, headers)
    const above = await set({ messagesPerMinute: 51 })
    expect([above.status, above.body.errorCode, above.body.errors[0].path]).toEqual([
      422,
      'LIMIT_ABOVE_CEILING',
      'messagesPerMinute',
    ])
    expect((await api('POST', '/limits/preview', 'platform', { messagesPerMinute: 51 }, headers)).status).toBe(422)
    expect((await set({ messagesPerMinute: 40, messagesPerDay: 900 })).body.messagesPerMinute).toMatchObject({
      limit: 40,
      own: 40,
      ceiling: 50,
    })
    const ceilings = (bounds: object) => api('PATCH', `/tenants/${tenant.id}`, 'platform', { ceilings: bounds })
    expect((await ceilings({ messagesPerMinute: 30, messagesPerDay: 100 })).body.limits).toEqual({
      messagesPerMinute: 30,
      messagesPerDay: 100,
    })
    expect((await ceilings({ messagesPerMinute: null })).body.limits).toEqual({ messagesPerMinute: 40, messagesPerDay: 100 })
    expect((await set({ messagesPerMinute: null })).body.messagesPerMinute).toMatchObject({
      limit: null,
      own: null,
      ceiling: null,
    })
    const changes = (await entriesOf('tenants.update', tenant.id)).map(entry => entry.changes)
    expect(changes[0]).toEqual({
      'ceilings.messagesPerMinute': { before: 50, after: 30 },
      'ceilings.messagesPerDay': { before: null, after: 100 },
    })
  })
})

describe('the status of a tenant', () => {
  const { wabaId, accessToken } = DEMO_TENANTS.demo
  const status = async () => (await api('GET', `/tenants/${demo}/status`, 'admin')).body

  test('[ON-21] says of each number what Meta says of its token and its subscription, with quality and backlog', async () => {
    const well = await status()
    expect(well).toMatchObject({
      tenantId: demo,
      status: 'active',
      isHealthy: true,
      numbers: [
        { status: 'active', token: { isValid: true, problem: null }, subscription: { isSubscribed: true, problem: null } },
      ],
      backlog: { chat: { waiting: expect.any(Number) } },
    })
    expect(well.numbers[0].qualityRating).toEqual(expect.any(String))
    const address = `${simulator.url}/v25.0/${wabaId}/subscribed_apps`
    await fetch(address, { method: 'DELETE', headers: { authorization: `Bearer ${accessToken}` } })
    expect(await status()).toMatchObject({ isHealthy: false, numbers: [{ subscription: { isSubscribed: false } }] })
    await fetch(address, { method: 'POST', headers: { authorization: `Bearer ${accessToken}` } })
    expect((await status()).isHealthy).toBe(true)
  })

  test('[ON-21] says that it does not know while Meta is away', async () => {
    // biome-ignore lint/suspicious/noThenProperty: the simulator's contract names it so
    simulator.faults([{ match: {}, times: 10, then: { status: 503 } }] as never)
    const unknown = await status()
    expect(unknown.numbers[0]).toMatchObject({ token: { isValid: null }, subscription: { isSubscribed: null } })
    simulator.faults([])
  })

  test('[ON-21] is open to managers neither, and to a platform admin for any tenant', async () => {
    expect((await api('GET', `/tenants/${demo}/status`, 'manager')).status).toBe(403)
    expect((await api('GET', `/tenants/${other}/status`, 'platform')).body.tenantId).toBe(other)
  })
})
