import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { ClientStatus } from '#shared/model/numbers.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const APP_ID = '918273645500112'
const EMPTY = { about: null, address: null, description: null, email: null, websites: [], pictureUrl: null }
const EDGE = 'whatsapp_business_profile'

const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let id: string

beforeAll(async () => {
  simulator = stack.use(await createSimulator({ appId: APP_ID }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP_ID }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  id = String((await gateway.store.raw.clients.findOne({ phoneNumberId }))?._id)
})
beforeEach(async () => {
  simulator.faults([])
  const number = simulator.sim.world.numbers.get(phoneNumberId)
  if (number) number.profile = { about: '', vertical: 'PROF_SERVICES', websites: [] }
  await gateway.store.raw.auditLog.deleteMany({})
})
afterAll(() => stack.disposeAsync())

const call = (method: string, body?: object, as: Person = 'admin', at = ''): Promise<Answer> =>
  gateway.call(method, `/api/v1/phone-numbers/${id}/business-profile${at}`, { as, ...(body && { body }) })
const change = (body: object) => call('PATCH', body)
const atMeta = () => simulator.sim.world.numbers.get(phoneNumberId)?.profile as Record<string, unknown>
const entries = async () =>
  (
    await gateway.store.raw.auditLog
      .find({ action: /^clients\.businessProfile/ })
      .sort({ _id: 1 })
      .toArray()
  ).map(({ action, object, changes }) => ({ action, id: object.id, changes }))
const upload = async (content: Uint8Array<ArrayBuffer> | string, type: string): Promise<string> => {
  const headers = { 'content-type': type }
  return (await gateway.call('POST', '/api/v1/media?filename=picture', { as: 'admin', body: content, headers })).body.id
}
const drawn = async (format: 'png' | 'webp') =>
  new Uint8Array(
    await sharp({ create: { width: 200, height: 200, channels: 3, background: '#04516f' } })
      .toFormat(format)
      .toBuffer(),
  )

describe('the business profile of a number', () => {
  test('is read from Meta, and what is changed is changed there and written down', async () => {
    expect(await call('GET')).toMatchObject({ status: 200, body: { ...EMPTY, vertical: 'PROF_SERVICES' } })
    const given = {
      about: ' Nous recrutons ',
      description: 'Cabinet de recrutement à Rabat',
      address: '12 rue de Fès',
      email: 'contact@atlas.example',
      websites: ['https://atlas.example', 'http://shop.atlas.example/fr'],
      vertical: 'RETAIL',
    }
    const { status, body } = await change(given)
    const known = { ...given, about: 'Nous recrutons' }
    expect([status, body]).toEqual([200, { ...known, pictureUrl: null }])
    expect(atMeta()).toMatchObject(known)
    expect((await call('GET')).body).toEqual(body)
    const [entry] = await entries()
    expect(entry).toMatchObject({ action: 'clients.businessProfile', id })
    expect(entry?.changes).toMatchObject({ vertical: { before: 'PROF_SERVICES', after: 'RETAIL' } })
  })

  test('loses what is null, keeps what is left out, and asks Meta for nothing when nothing differs', async () => {
    await change({ email: 'a@b.example', address: 'Rabat', websites: ['https://a.example'] })
    simulator.faults([{ match: { method: 'POST', path: EDGE }, effect: { code: 100 }, times: null }])
    expect((await change({ email: 'a@b.example', websites: ['https://a.example'] })).status).toBe(200)
    simulator.faults([])
    expect((await change({ email: null, websites: [] })).body).toMatchObject({ email: null, websites: [], address: 'Rabat' })
    expect(atMeta()).toMatchObject({ email: '', websites: [], address: 'Rabat' })
    expect(await entries()).toHaveLength(2)
  })

  test.for<[what: string, body: object, path: string]>([
    ['an about that is empty', { about: ' ' }, 'about'],
    ['an about that is taken away', { about: null }, 'about'],
    ['a long about', { about: 'a'.repeat(140) }, 'about'],
    ['a long address', { address: 'a'.repeat(257) }, 'address'],
    ['a long description', { description: 'a'.repeat(513) }, 'description'],
    ['an address of no mail', { email: 'atlas' }, 'email'],
    ['a long mail', { email: `${'a'.repeat(120)}@atlas.example` }, 'email'],
    ['three websites', { websites: ['https://a.example', 'https://b.example', 'https://c.example'] }, 'websites'],
    ['a website of another protocol', { websites: ['ftp://a.example'] }, 'websites.0'],
    ['a website that is none', { websites: ['https://a.example', 'atlas'] }, 'websites.1'],
    ['a long website', { websites: [`https://a.example/${'a'.repeat(250)}`] }, 'websites.0'],
    ['an industry that may not be set', { vertical: 'NOT_A_BIZ' }, 'vertical'],
    ['nothing', {}, ''],
    ['a picture by its address', { pictureUrl: 'https://a.example/a.png' }, ''],
  ])('does not take %s', async ([, body, path]) => {
    const answer = await change(body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path)
    expect(await entries()).toEqual([])
  })

  test('is not overwritten when somebody else has changed it meanwhile, at Meta or here', async () => {
    atMeta().email = 'manager@meta.example'
    const { status, body } = await change({ email: 'mine@atlas.example', expected: { email: null } })
    expect([status, body.errorCode, body.changedBy]).toEqual([409, 'CHANGED_MEANWHILE', null])
    expect(body.errors).toMatchObject([{ path: 'email' }])
    expect(body.current).toMatchObject({ email: 'manager@meta.example', vertical: 'PROF_SERVICES' })
    expect(atMeta().email).toBe('manager@meta.example')
    const expected = { email: 'manager@meta.example' }
    expect((await change({ email: 'mine@atlas.example', expected })).status).toBe(200)
  })

  test('says what Meta refuses at its field, and writes down that it was refused', async () => {
    const refused = { code: 100, details: 'Param address must not contain links.' }
    simulator.faults([{ match: { method: 'POST', path: EDGE }, times: 1, effect: refused }])
    const { status, body } = await change({ address: 'https://atlas.example' })
    expect([status, body.errorCode]).toEqual([422, 'PROFILE_REFUSED'])
    expect(body).toMatchObject({ errors: [{ path: 'address' }], meta: { code: 100 } })
    expect((await entries()).map(({ action }) => action)).toEqual(['clients.businessProfile', 'clients.businessProfileRefused'])
  })

  test.for<[what: string, method: string, effect: object, status: number, errorCode: string]>([
    ['a lost answer to a question', 'GET', { reset: true }, 503, 'META_UNAVAILABLE'],
    ['a lost answer to a change', 'POST', { reset: true }, 502, 'META_OUTCOME_UNKNOWN'],
    ['a dead token', 'GET', { code: 190 }, 409, 'TOKEN_INVALID'],
  ])('is answered for %s with what to do', async ([, method, effect, status, errorCode]) => {
    simulator.faults([{ match: { method, path: EDGE }, times: 1, effect }])
    const answer = await change({ about: 'Bonjour' })
    expect([answer.status, answer.body.errorCode]).toEqual([status, errorCode])
    expect(atMeta().about).toBe('')
  })

  test('gets an uploaded picture, which this API serves', async () => {
    expect((await call('GET', undefined, 'admin', '/picture')).status).toBe(404)
    const pictureMediaId = await upload(await drawn('png'), 'image/png')
    const { status, body } = await change({ pictureMediaId })
    expect([status, body.pictureUrl]).toEqual([200, expect.stringContaining(simulator.url)])
    expect((await entries())[0]?.changes).toEqual({ picture: { before: null, after: pictureMediaId } })
    const picture = await call('GET', undefined, 'admin', '/picture')
    expect(picture.status).toBe(200)
    expect(Object.fromEntries(picture.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-security-policy': "default-src 'none'; sandbox",
    })
  })

  test('takes no other file as its picture', async () => {
    const refused = async (pictureMediaId: string) => {
      const { status, body } = await change({ pictureMediaId })
      return [status, body.errorCode, body.errors[0].path]
    }
    const wrong = [422, 'PROFILE_INVALID', 'pictureMediaId']
    expect(await refused(await upload('a text', 'text/plain'))).toEqual(wrong)
    expect(await refused(await upload(await drawn('webp'), 'image/webp'))).toEqual(wrong)
    expect(await refused('0'.repeat(24))).toEqual(wrong)
    simulator.faults([{ match: { method: 'POST', path: '/upload:' }, times: 1, effect: { reset: true } }])
    const lost = await change({ pictureMediaId: await upload(await drawn('png'), 'image/png') })
    expect([lost.status, lost.body.errorCode]).toEqual([503, 'META_UNAVAILABLE'])
    expect(atMeta().picture).toBeUndefined()
    expect(await entries()).toEqual([])
  })

  test('has no picture to give when its address leads elsewhere', async () => {
    for (const address of ['http://127.0.0.1:9/a.png', 'https://127.0.0.1/a.png', `${simulator.url}/profile_pictures?id=0`]) {
      atMeta().profile_picture_url = address
      const { status, body } = await call('GET', undefined, 'admin', '/picture')
      expect([status, body.errorCode]).toEqual([503, 'META_UNAVAILABLE'])
    }
  })

  test('belongs to admins, and to a number that is connected', async () => {
    for (const as of ['agent', 'manager'] as const) {
      expect((await call('GET', undefined, as)).status).toBe(403)
      expect((await call('PATCH', { about: 'Bonjour' }, as)).status).toBe(403)
    }
    expect((await call('GET', undefined, 'other')).status).toBe(404)
    expect((await call('PATCH', { about: 'Bonjour' }, 'other')).status).toBe(404)
    const set = (status: ClientStatus) => gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { status } })
    await set('disconnected')
    for (const answer of [await call('GET'), await change({ about: 'Bonjour' })])
      expect([answer.status, answer.body.errorCode]).toEqual([422, 'NUMBER_NOT_CONNECTED'])
    await set('active')
    expect(atMeta().about).toBe('')
  })

  test('waits when Meta allows no more calls', async () => {
    simulator.faults([{ match: { method: 'POST', path: EDGE }, times: 1, effect: { code: 80008 } }])
    const { status, body, headers } = await change({ about: 'Bonjour' })
    expect([status, body.errorCode]).toEqual([503, 'META_UNAVAILABLE'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
