import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { addNumber } from '#deploy/simulator/world/demo.ts'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { newId } from '#shared/model/ids.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { keyring } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId, accessToken: TOKEN } = DEMO_TENANTS.demo
const APP_ID = '918273645500112'
/** Another number of the same tenant and portfolio. */
const SECOND = '1054543651068299'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let id: string
let secondId: string

beforeAll(async () => {
  simulator = stack.use(await createSimulator({ appId: APP_ID }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP_ID }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  const { raw } = gateway.store
  const row = await raw.clients.findOne({ phoneNumberId })
  if (row === null) throw new Error('the demo tenant has a number')
  id = String(row._id)
  const _id = newId()
  const accessToken = sealAccessToken(keyring, { _id, tenantId: row.tenantId }, TOKEN)
  await raw.clients.insertOne({ ...row, _id, accessToken, phoneNumberId: SECOND, isPrimary: false })
  secondId = String(_id)
  addNumber(simulator.sim.world, { id: SECOND, wabaId, digits: '212600111333' }, Date.now())
})
beforeEach(async () => {
  simulator.faults([])
  for (const number of simulator.sim.world.numbers.values()) number.username = null
  const { raw } = gateway.store
  await raw.clients.updateMany({}, { $set: { username: null }, $unset: { 'lastEventAt.username': '' } })
  await raw.auditLog.deleteMany({})
  await raw.events.deleteMany({})
})
afterAll(() => stack.disposeAsync())

const call = (method: string, body?: object, as: Person = 'admin', of = id): Promise<Answer> =>
  gateway.call(method, `/api/v1/phone-numbers/${of}/username`, { as, ...(body && { body }) })
const atMeta = (number: string = phoneNumberId) => simulator.sim.world.numbers.get(number)
const inRow = async (of = id): Promise<string | null> =>
  (await gateway.call('GET', `/api/v1/phone-numbers/${of}`, { as: 'admin' })).body.username
const entries = async () =>
  (
    await gateway.store.raw.auditLog
      .find({ action: /^clients\.username/ })
      .sort({ _id: 1 })
      .toArray()
  ).map(({ action, object, changes }) => ({ action, id: object.id, changes }))

describe('the username of a number', () => {
  test('is read with what Meta proposes, claimed in place of another one, and given back', async () => {
    const none = await call('GET')
    expect([none.status, none.body.username, none.body.status]).toEqual([200, null, null])
    expect(none.body.suggestions.length).toBeGreaterThan(0)

    const claimed = await call('PUT', { username: ' @Atlas.Recrutement ' })
    expect(claimed.status).toBe(200)
    expect(claimed.body).toMatchObject({ username: 'atlas.recrutement', status: 'approved', suggestions: none.body.suggestions })
    expect((await call('GET')).body).toEqual(claimed.body)
    expect(await inRow()).toBe('atlas.recrutement')

    expect((await call('PUT', { username: 'atlas_rh' })).body.username).toBe('atlas_rh')
    expect((await call('DELETE')).status).toBe(204)
    expect(atMeta()?.username).toBeNull()
    expect(await inRow()).toBeNull()
    const names = [null, 'atlas.recrutement', 'atlas_rh', null]
    expect(await entries()).toEqual(
      names.slice(1).map((after, at) => ({
        ...{ action: 'clients.username', id, changes: { username: { before: names[at], after } } },
      })),
    )
    const told = await gateway.store.raw.events.find({ name: 'client:status' }).toArray()
    expect(told).toHaveLength(3)
  })

  test('is not asked for again when the number has it, nor given back when it has none', async () => {
    await call('PUT', { username: 'atlas.rh' })
    simulator.faults([{ match: { method: 'POST', path: 'username' }, effect: { code: 100 }, times: null }])
    expect((await call('PUT', { username: 'ATLAS.rh' })).status).toBe(200)
    await call('DELETE')
    simulator.faults([{ match: { method: 'DELETE', path: 'username' }, effect: { code: 100 }, times: null }])
    expect((await call('DELETE')).status).toBe(204)
    expect(await entries()).toHaveLength(2)
  })

  test('moves from another number of the portfolio only where that is asked for', async () => {
    await call('PUT', { username: 'atlas.rh' }, 'admin', secondId)
    expect(await inRow(secondId)).toBe('atlas.rh')
    const refused = await call('PUT', { username: 'atlas.rh' })
    expect([refused.status, refused.body.errorCode]).toEqual([409, 'USERNAME_OF_ANOTHER_NUMBER'])
    expect(refused.body).toMatchObject({ errors: [{ path: 'username' }], meta: { code: 147005 } })
    expect([await inRow(), atMeta()?.username]).toEqual([null, null])

    const moved = await call('PUT', { username: 'atlas.rh', transfer: true })
    expect([moved.status, moved.body.username, moved.body.status]).toEqual([200, 'atlas.rh', 'reserved'])
    expect([await inRow(), await inRow(secondId)]).toEqual(['atlas.rh', null])
    expect(atMeta(SECOND)?.username).toBeNull()
  })

  test.for<[what: string, code: number, status: number, errorCode: string]>([
    ['somebody else has', 147001, 409, 'USERNAME_TAKEN'],
    ['the account may not have', 147002, 422, 'USERNAME_REFUSED'],
    ['needs a Facebook account', 147003, 422, 'USERNAME_REFUSED'],
    ['needs an Instagram account', 147004, 422, 'USERNAME_REFUSED'],
    ['Meta does not take', 100, 422, 'USERNAME_REFUSED'],
  ])('that %s is refused with what Meta says, which is written down', async ([, code, status, errorCode]) => {
    const effect = { code, details: 'In Meta’s words.' }
    simulator.faults([{ match: { method: 'POST', path: 'username' }, times: 1, effect }])
    const { status: given, body } = await call('PUT', { username: 'atlas.rh' })
    expect([given, body.errorCode]).toEqual([status, errorCode])
    expect(body).toMatchObject({ errors: [{ path: 'username' }], meta: { code, detail: 'In Meta’s words.' } })
    if (status === 422) expect(body.detail).toBe('In Meta’s words.')
    const [, refused] = await entries()
    expect(refused).toEqual({ action: 'clients.usernameRefused', id, changes: { code: { before: null, after: code } } })
    expect(await inRow()).toBeNull()
  })

  test.for<[username: unknown]>([['ab'], ['1234'], ['www.atlas'], ['atlas.com'], ['.atlas'], ['a'.repeat(36)], [null], [7]])(
    'is never %j',
    async ([username]) => {
      const { status, body } = await call('PUT', { username })
      expect([status, body.errors[0].path]).toEqual([400, 'username'])
      expect(await entries()).toEqual([])
    },
  )

  test('is left in its row as a newer webhook told it', async () => {
    const later = new Date(Date.now() + 60_000)
    const set = { username: 'told.later', 'lastEventAt.username': later }
    await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: set })
    expect((await call('PUT', { username: 'atlas.rh' })).body.username).toBe('atlas.rh')
    expect(await inRow()).toBe('told.later')
  })

  test.for<[what: string, method: string, effect: object, status: number, errorCode: string]>([
    ['a lost answer to a question', 'GET', { reset: true }, 503, 'META_UNAVAILABLE'],
    ['a lost answer to a change', 'POST', { reset: true }, 502, 'META_OUTCOME_UNKNOWN'],
    ['a dead token', 'GET', { code: 190 }, 409, 'TOKEN_INVALID'],
  ])('is answered for %s with what to do', async ([, method, effect, status, errorCode]) => {
    simulator.faults([{ match: { method, path: '/username' }, times: 1, effect }])
    const answer = await call('PUT', { username: 'atlas.rh' })
    expect([answer.status, answer.body.errorCode]).toEqual([status, errorCode])
    expect(await inRow()).toBeNull()
  })

  test('is shown without proposals when Meta gives none', async () => {
    simulator.faults([{ match: { method: 'GET', path: 'username_suggestions' }, times: 1, effect: { code: 100 } }])
    expect(await call('GET')).toMatchObject({ status: 200, body: { username: null, status: null, suggestions: [] } })
  })

  test('belongs to admins of the account, and to a number that is connected', async () => {
    for (const as of ['agent', 'manager'] as const) {
      expect((await call('GET', undefined, as)).status).toBe(403)
      expect((await call('PUT', { username: 'atlas.rh' }, as)).status).toBe(403)
      expect((await call('DELETE', undefined, as)).status).toBe(403)
    }
    expect((await call('PUT', { username: 'atlas.rh' }, 'other')).status).toBe(404)
    await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { status: 'disconnected' } })
    const answer = await call('PUT', { username: 'atlas.rh' })
    await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { status: 'active' } })
    expect([answer.status, answer.body.errorCode]).toEqual([422, 'NUMBER_NOT_CONNECTED'])
    expect(atMeta()?.username).toBeNull()
  })
})
