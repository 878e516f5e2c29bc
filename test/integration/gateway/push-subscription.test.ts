import { createECDH, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person, passwordOf } from '#test/support/worlds/gateway.ts'

const PATH = '/api/v1/auth/push-subscription'

const stack = new AsyncDisposableStack()
let gateway: Gateway
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

/** A person in a browser of their own. */
async function signIn(person: Person) {
  const body = { email: PEOPLE[person], password: passwordOf(person) }
  const answer = await gateway.call('POST', '/api/v1/auth/login', { body })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] as string
  const token = answer.body.accessToken as string
  const call = (method: string, body?: object) => gateway.call(method, PATH, { token, body, headers: { cookie } })
  return { token, cookie, call, isSubscribed: async () => (await call('GET')).body.isSubscribed as boolean }
}

async function subscription(endpoint = `https://push.example.com/${randomBytes(6).toString('hex')}`) {
  const { publicKey } = (await gateway.call('GET', PATH, { as: 'agent' })).body
  const p256dh = createECDH('prime256v1').generateKeys('base64url')
  return { endpoint, keys: { p256dh, auth: randomBytes(16).toString('base64url') }, publicKey }
}

test('a browser is told until it asks for the end, and another browser of the same person is its own', async () => {
  const [phone, laptop] = [await signIn('agent'), await signIn('agent')]
  expect((await phone.call('PUT', await subscription())).status).toBe(204)
  expect([await phone.isSubscribed(), await laptop.isSubscribed()]).toEqual([true, false])
  // The dashboard says it again whenever it is opened.
  expect((await phone.call('PUT', await subscription())).status).toBe(204)
  expect(await gateway.store.models.pushSubscriptions.countDocuments({ tenantId: await demo() })).toBe(1)
  expect((await phone.call('DELETE')).status).toBe(204)
  expect(await phone.isSubscribed()).toBe(false)
})

test('a browser in which somebody else signs in tells the one before nothing more', async () => {
  const [before, after] = [await signIn('agent'), await signIn('other')]
  const browser = await subscription()
  await before.call('PUT', browser)
  await after.call('PUT', browser)
  expect([await before.isSubscribed(), await after.isSubscribed()]).toEqual([false, true])
})

test('without a session of a browser there is nobody to tell', async () => {
  const { token } = await signIn('agent')
  const answer = await gateway.call('PUT', PATH, { token, body: await subscription() })
  expect([answer.status, answer.body.errorCode]).toEqual([401, 'REFRESH_INVALID'])
  expect((await gateway.call('GET', PATH, { token })).body).toMatchObject({ isSubscribed: false })
})

test('an address inside the network, a key of somebody else and keys that are none are refused', async () => {
  const { call } = await signIn('agent')
  const good = await subscription()
  const refusal = async (body: object) => {
    const { status, body: problem } = await call('PUT', body)
    return [status, problem.errorCode]
  }
  for (const endpoint of ['https://10.0.0.5/x', 'http://push.example.com/x', 'https://push.example.com:8443/x'])
    expect(await refusal({ ...good, endpoint })).toEqual([422, 'URL_REFUSED'])
  expect(await refusal({ ...good, publicKey: 'B'.repeat(87) })).toEqual([409, 'PUSH_KEY_CHANGED'])
  const p256dh = Buffer.alloc(65, 4).toString('base64url')
  expect(await refusal({ ...good, keys: { ...good.keys, p256dh } })).toEqual([400, 'BODY_INVALID'])
})

const demo = async () => (await gateway.store.raw.users.findOne({ email: PEOPLE.agent }))?.tenantId
