import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { pauseClient } from '#shared/store/numbers/clients.ts'
import { type Onboarding, openOnboarding, SPARE } from '#test/support/worlds/onboarding.ts'

const stack = new AsyncDisposableStack()
let o: Onboarding
beforeAll(async () => {
  o = stack.use(await openOnboarding())
})
beforeEach(() => o.reset())
afterAll(() => stack.disposeAsync())

const { phoneNumberId, wabaId, accessToken } = DEMO_TENANTS.demo

async function check() {
  const { _id } = await o.rowOf(phoneNumberId)
  const { status, body } = await o.call('POST', `/api/v1/phone-numbers/${_id}/check`)
  expect(status).toBe(200)
  return body
}
const waba = () => o.simulator.sim.world.wabas.get(wabaId) as { subscribed: boolean; override: object | null }
const number = () => o.simulator.sim.world.numbers.get(phoneNumberId) as { override: object | null; state: string }

test('[ON-27] a check finds nothing wrong with a number that works, and does nothing at Meta', async () => {
  const body = await check()
  expect([body.kind, body.state]).toEqual(['check', 'DONE'])
  expect(o.stepsOf(body)).toEqual({
    token: 'DONE',
    scopes: 'DONE',
    waba: 'DONE',
    number: 'DONE',
    pin: 'SKIPPED',
    register: 'SKIPPED',
    subscribe: 'DONE',
    connect: 'DONE',
    webhook: 'DONE',
    template: 'DONE',
  })
  expect(o.simulator.calls({}).data.filter(({ method }) => method !== 'GET')).toEqual([])
  expect((await o.connection()).accessToken).toBeNull()
})

test('[ON-27] a lost subscription is renewed', async () => {
  waba().subscribed = false
  const body = await check()
  expect(o.stepOf(body, 'subscribe')).toMatchObject({ state: 'DONE', note: expect.stringContaining('renewed') })
  expect(waba().subscribed).toBe(true)
})

test('[ON-27] webhooks that go elsewhere are brought back, of the account as of the number', async () => {
  const elsewhere = { url: 'https://elsewhere.example/webhook', verifyToken: 'x' }
  waba().override = elsewhere
  number().override = elsewhere
  const body = await check()
  expect(o.stepOf(body, 'subscribe').note).toContain('corrected')
  expect(o.stepOf(body, 'webhook').state).toBe('DONE')
  expect([waba().override, number().override]).toEqual([null, null])
})

test('[ON-27] what only people can mend is named: the address and the fields of the app, a token of another app', async () => {
  o.simulator.app({ webhookUrl: 'https://elsewhere.example/webhook' })
  expect(o.stepOf(await check(), 'webhook')).toMatchObject({ state: 'FAILED', cure: expect.stringContaining(o.webhookUrl) })
  o.simulator.app({ webhookUrl: o.webhookUrl, fields: ['messages'] })
  expect(o.stepOf(await check(), 'webhook')).toMatchObject({
    state: 'FAILED',
    sentence: expect.stringContaining('account_update'),
  })
  o.simulator.token({ token: accessToken, wabaIds: [wabaId], appId: '1' })
  const body = await check()
  expect(body.state).toBe('FAILED')
  expect(o.stepOf(body, 'scopes')).toMatchObject({ state: 'FAILED', sentence: expect.stringContaining('another app') })
  // The number itself is left as it was.
  expect(await o.rowOf(phoneNumberId)).toMatchObject({ status: 'active' })
})

test('[ON-27] a number that moved to another account of its token is corrected', async () => {
  o.simulator.token({ token: accessToken, wabaIds: [SPARE.wabaId] })
  o.simulator.setNumber(phoneNumberId, { wabaId: SPARE.wabaId })
  const body = await check()
  expect(o.stepOf(body, 'number')).toMatchObject({ state: 'DONE', note: expect.stringContaining(SPARE.wabaId) })
  expect(body.state).toBe('DONE')
  expect(await o.rowOf(phoneNumberId)).toMatchObject({ wabaId: SPARE.wabaId, portfolioId: '701223344556677' })
})

test('[ON-14] [ON-27] a number that is paused for a token that works again, or a registration that is done again, is resumed', async () => {
  const { tenantId, _id: clientId } = await o.rowOf(phoneNumberId)
  await pauseClient(o.store, { tenantId, clientId, reason: 'registration', detail: 'not registered', code: 133010 })
  o.simulator.setNumber(phoneNumberId, { state: 'unregistered' })
  expect((await check()).state).toBe('DONE')
  expect(number().state).toBe('CONNECTED')
  expect(await o.rowOf(phoneNumberId)).toMatchObject({ status: 'active', pauseReason: null, twoStepPin: expect.any(String) })
})

test('[ON-14] a revoked token is named with Meta’s cause', async () => {
  o.simulator.refuseToken(accessToken, { code: 190, subcode: 460 })
  const body = await check()
  expect(o.stepOf(body, 'scopes')).toMatchObject({
    state: 'FAILED',
    code: 190,
    sentence: 'The password behind the access token was changed.',
    cure: 'Connect the number again.',
  })
})
