import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { advanceConnections, endAbandonedConnections } from '#services/gateway/onboarding/advance.ts'
import { beginSignup } from '#services/gateway/onboarding/begin.ts'
import { onboardingDeps } from '#services/gateway/onboarding/deps.ts'
import { connectSettingsNumber } from '#services/gateway/onboarding/settings-number.ts'
import { openAccessToken } from '#shared/auth/client-tokens.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import { pauseClient } from '#shared/store/numbers/clients.ts'
import { untilTrue } from '#test/support/until.ts'
import { keyring } from '#test/support/worlds/ingest.ts'
import { APP_ID, EMPTY_WABA, type Onboarding, openOnboarding, SPARE } from '#test/support/worlds/onboarding.ts'

const stack = new AsyncDisposableStack()
let o: Onboarding
beforeAll(async () => {
  o = stack.use(await openOnboarding())
})
beforeEach(() => o.reset())
afterAll(() => stack.disposeAsync())

const INITIATE = '/api/auth/whatsapp/initiate'
const SIGNUP = '/api/v1/tenants/embedded-signup'
const CALLBACK = 'http://linko.test/api/auth/whatsapp/callback'
const DONE_STEPS = {
  token: 'DONE',
  scopes: 'DONE',
  waba: 'DONE',
  number: 'DONE',
  pin: 'DONE',
  register: 'DONE',
  subscribe: 'DONE',
  connect: 'DONE',
}

const signUp = (body: object = {}, ...wabaIds: string[]) =>
  o.call('POST', SIGNUP, { code: o.codeFor(...(wabaIds.length > 0 ? wabaIds : [SPARE.wabaId])), ...body })

describe('the dialog', () => {
  test('[ON-01] is opened by POST for whoever may connect numbers; the answer is its address and nothing else', async () => {
    const { status, body } = await o.call('POST', INITIATE, {})
    expect([status, Object.keys(body)]).toEqual([200, ['oauthUrl']])
    expect((await o.gateway.call('POST', INITIATE, { body: {} })).status).toBe(401)
    expect((await o.call('POST', INITIATE, {}, 'agent')).status).toBe(403)
    expect((await o.call('POST', '/api/v1/auth/whatsapp/initiate', {})).status).toBe(200)
  })

  test('[ON-02] is opened by GET as well', async () => {
    const { status, body } = await o.call('GET', '/api/auth/whatsapp/url')
    expect([status, Object.keys(body)]).toEqual([200, ['oauthUrl']])
    expect(new URL(body.oauthUrl).searchParams.get('redirect_uri')).toBe(CALLBACK)
  })

  test('[ON-03] gets app, return address, scopes and a signed state', async () => {
    const { body } = await o.call('POST', INITIATE, {})
    const url = new URL(body.oauthUrl)
    expect(url.pathname).toBe('/v25.0/dialog/oauth')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: APP_ID,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'whatsapp_business_management,whatsapp_business_messaging',
      state: expect.stringMatching(/^[0-9a-f]{24}\.[\w-]{43}\.[\w-]{43}$/),
    })
  })

  test('[ON-26] is one address for a popup as for a redirect; its page shows every number and returns by itself', async () => {
    const { body } = await o.call('POST', INITIATE, {})
    const page = await (await fetch(`${body.oauthUrl}&display=popup`)).text()
    expect(page).toContain('Sahara Emploi')
    const form = new URLSearchParams([...new URL(body.oauthUrl).searchParams, ['choice', SPARE.first], ['choice', SPARE.second]])
    const answer = await fetch(new URL('/v25.0/dialog/oauth', o.simulator.url), {
      method: 'POST',
      body: form,
      redirect: 'manual',
    })
    const back = new URL(answer.headers.get('location') as string)
    const headers = { accept: 'text/html' }
    const returned = await fetch(o.gateway.url + back.pathname + back.search, { headers, redirect: 'manual' })
    expect(new URL(returned.headers.get('location') as string).searchParams.get('status')).toBe('success')
    // A stricter word of any answer on the way parts the popup from its opener for good.
    expect(returned.headers.get('cross-origin-opener-policy')).toBe('unsafe-none')
  })
})

describe('the return', () => {
  test('[ON-04] is taken with a state that was given out here, once, within ten minutes', async () => {
    const path = await o.throughDialog(SPARE.first)
    const forged = path.replace(/state=([0-9a-f]{24})\.[^.]+/, `state=$1.${'A'.repeat(43)}`)
    for (const wrong of [forged, path.replace(/state=[^&]+/, 'state=x'), path.replace(/&?state=[^&]+/, '')]) {
      const { status, body } = await o.returnJson(wrong)
      expect([status, body.errorCode]).toEqual([400, 'STATE_INVALID'])
    }
    expect((await o.returnJson(path)).status).toBe(200)
    expect((await o.returnJson(path)).body).toMatchObject({ status: 400, errorCode: 'STATE_USED' })

    const late = await o.throughDialog(SPARE.first)
    o.gateway.clock.now = new Date(Date.now() + 10 * 60_000 + 1000)
    expect((await o.returnJson(late)).body).toMatchObject({ status: 400, errorCode: 'STATE_EXPIRED' })
    expect((await o.connection()).state).toBe('EXPIRED')
  })

  test('[ON-04] is of no use to whoever has lost the right to connect numbers meanwhile', async () => {
    const path = await o.throughDialog(SPARE.first)
    await o.store.raw.users.updateOne({ email: 'demo@whatsapp-saas.com' }, { $set: { role: 'agent' } })
    expect((await o.returnJson(path)).status).toBe(403)
    expect(await o.rowOf(SPARE.first)).toBeNull()
  })

  test('[ON-05] exchanges the code once, with the return address; a failure of Meta is tried again, a used code is not', async () => {
    const path = await o.throughDialog(SPARE.first)
    o.simulator.faults([{ match: { path: '/oauth/access_token' }, times: 1, effect: { status: 503 } }])
    expect((await o.returnJson(path)).status).toBe(200)
    expect(o.countOf('GET', '/oauth/access_token')).toBe(1)

    const code = o.codeFor(SPARE.wabaId)
    Object.assign(o.simulator.sim.world.codes.get(code) ?? {}, { used: true })
    const before = o.simulator.calls({ path: '/oauth/access_token' }).count
    const { status, body } = await o.call('POST', SIGNUP, { code })
    expect([status, body.errorCode, body.step, body.code]).toEqual([422, 'CONNECTION_FAILED', 'token', 100])
    expect(o.simulator.calls({ path: '/oauth/access_token' }).count).toBe(before + 1)
  })

  test('[ON-08] sends a browser to the dashboard, with success or the failed step', async () => {
    const success = await o.returnBrowser(await o.throughDialog(SPARE.first))
    expect(success.origin + success.pathname).toBe('http://dashboard.test/numbers')
    expect(success.searchParams.get('status')).toBe('success')
    const cancelled = await o.returnBrowser(await o.throughDialog('cancel'))
    expect(Object.fromEntries(cancelled.searchParams)).toMatchObject({ status: 'error', code: 'SIGNUP_CANCELLED' })
    const declined = await o.throughDialog(SPARE.first, { sim_decline: 'whatsapp_business_messaging' })
    expect(Object.fromEntries((await o.returnBrowser(declined)).searchParams)).toMatchObject({
      status: 'error',
      code: 'CONNECTION_FAILED',
      step: 'scopes',
    })
  })

  test('[ON-09] answers success and the number to callers of JSON', async () => {
    const { status, body } = await o.returnJson(await o.throughDialog(SPARE.first))
    expect(status).toBe(200)
    expect(body.success).toBe(true)
    expect([SPARE.first, SPARE.second]).toContain(body.client.phoneNumberId)
    expect(body.client.whatsappNumber).toMatch(/^\+2125289900\d\d$/)
    expect(Object.keys(body)).toEqual(['success', 'client'])
  })
})

describe('a sign-up in the page', () => {
  test('[ON-06] [ON-24] keeps every number of the account; the named one becomes the primary one of a tenant without', async () => {
    await o.store.raw.clients.updateMany({ tenantId: o.tenantId }, { $set: { isPrimary: false } })
    const { status, body } = await signUp({ phoneNumberId: SPARE.second })
    expect([status, body.state]).toEqual([201, 'DONE'])
    const rows = [await o.rowOf(SPARE.first), await o.rowOf(SPARE.second)]
    expect(rows.map(({ status: is, isPrimary }) => [is, isPrimary])).toEqual([
      ['active', false],
      ['active', true],
    ])
    const { body: list } = await o.call('GET', '/api/v1/phone-numbers')
    expect(list.total).toBe(3)
    const wrong = await signUp({ phoneNumberId: DEMO_TENANTS.other.phoneNumberId })
    expect([wrong.status, wrong.body.step]).toEqual([422, 'number'])
    const foreign = await signUp({ wabaId: DEMO_TENANTS.other.wabaId })
    expect([foreign.status, foreign.body.step]).toEqual([422, 'waba'])
  })

  test('[ON-07] stores the token sealed, with number, status and time; a reconnect keeps the row and its history', async () => {
    const demo = DEMO_TENANTS.demo
    const before = await o.rowOf(demo.phoneNumberId)
    const count = await o.store.raw.conversations.countDocuments({ tenantId: o.tenantId, clientId: before._id })
    const { status } = await signUp({ phoneNumberId: demo.phoneNumberId }, demo.wabaId)
    expect(status).toBe(201)
    const after = await o.rowOf(demo.phoneNumberId)
    expect(after._id).toEqual(before._id)
    expect(after.accessToken).toMatch(/^v1:/)
    expect(openAccessToken(keyring, after)).not.toBe(openAccessToken(keyring, before))
    expect(after).toMatchObject({
      status: 'active',
      tokenValid: true,
      whatsappNumber: demo.whatsappNumber,
      companyName: before.companyName,
    })
    expect(await o.store.raw.conversations.countDocuments({ tenantId: o.tenantId, clientId: before._id })).toBe(count)
    expect(o.countOf('POST', '/register')).toBe(0)
    await signUp()
    const fresh = await o.rowOf(SPARE.first)
    expect(fresh).toMatchObject({
      status: 'active',
      connectedAt: expect.any(Date),
      wabaId: SPARE.wabaId,
      portfolioId: '701223344556677',
    })
    const connection = await o.connection()
    expect([connection.code, connection.accessToken, connection.pin]).toEqual([null, null, null])
  })

  test('[ON-10] [ON-11] takes the code alone: ids, name and token are captured by the platform', async () => {
    const { status, body } = await signUp()
    expect([status, body.kind, body.state]).toEqual([201, 'signup', 'DONE'])
    expect(o.stepsOf(body)).toMatchObject({ ...DONE_STEPS, webhook: 'DONE', template: 'TODO' })
    expect(body.numbers.map(({ phoneNumberId }: { phoneNumberId: string }) => phoneNumberId).toSorted()).toEqual([
      SPARE.first,
      SPARE.second,
    ])
    expect(JSON.stringify(body)).not.toMatch(/EAA|v1:/)
    expect((await o.call('POST', SIGNUP, { code: 'x' }, 'manager')).status).toBe(403)
  })

  test('[ON-12] registers the numbers and subscribes the account; what fails leaves them disconnected, with a reason and a way on', async () => {
    o.simulator.faults([{ match: { path: '/subscribed_apps', method: 'POST' }, times: 1, effect: { code: 200 } }])
    const { status, body } = await signUp()
    expect([status, body.step, body.code]).toEqual([422, 'subscribe', 200])
    for (const id of [SPARE.first, SPARE.second])
      expect(await o.rowOf(id)).toMatchObject({
        status: 'disconnected',
        accessToken: null,
        statusReason: expect.stringContaining('not finished'),
      })
    const { body: shown } = await o.call('GET', `/api/v1/connections/${body.connectionId}`)
    expect(o.stepOf(shown, 'subscribe')).toMatchObject({
      state: 'FAILED',
      code: 200,
      metaText: expect.any(String),
      cure: expect.any(String),
    })
    const { status: again, body: done } = await o.call('POST', `/api/v1/connections/${body.connectionId}/continue`, {})
    expect([again, done.state, done.oauthUrl]).toEqual([200, 'DONE', null])
    expect(await o.rowOf(SPARE.first)).toMatchObject({ status: 'active', statusReason: null })
    expect([o.countOf('POST', '/register'), o.countOf('POST', '/subscribed_apps')]).toEqual([2, 1])
    expect(o.simulator.sim.world.wabas.get(SPARE.wabaId)?.subscribed).toBe(true)
  })

  test('of an account without a number says so, and goes on when one was added', async () => {
    const { status, body } = await signUp({}, EMPTY_WABA)
    expect([status, body.step]).toEqual([422, 'number'])
    o.simulator.number({ phoneNumberId: '3054543651068299', wabaId: EMPTY_WABA, state: 'unregistered' })
    const { body: done } = await o.call('POST', `/api/v1/connections/${body.connectionId}/continue`, {})
    expect(done.state).toBe('DONE')
  })

  test('asks for the PIN of a number that has one, before Meta counts a wrong one; other numbers go on', async () => {
    o.simulator.setNumber(SPARE.first, { pin: '424242' })
    const { status, body } = await signUp()
    expect([status, body.step]).toEqual([422, 'pin'])
    expect(o.simulator.sim.world.numbers.get(SPARE.first)?.wrongPins).toBe(0)
    expect((await o.rowOf(SPARE.second)).status).toBe('active')
    const path = `/api/v1/connections/${body.connectionId}/continue`
    const wrong = await o.call('POST', path, { pin: '111111' })
    expect([wrong.status, wrong.body.step, wrong.body.code]).toEqual([422, 'register', 133005])
    const right = await o.call('POST', path, { pin: '424242' })
    expect([right.status, right.body.state]).toEqual([200, 'DONE'])
    expect((await o.rowOf(SPARE.first)).status).toBe('active')
  })

  test('chooses a PIN of its own, stores it sealed and shows it to an admin once', async () => {
    await signUp()
    const row = await o.rowOf(SPARE.first)
    const { pin } = o.simulator.sim.world.numbers.get(SPARE.first) ?? {}
    expect(pin).toMatch(/^\d{6}$/)
    expect(JSON.stringify(row)).not.toContain(`"${pin}"`)
    const path = `/api/v1/phone-numbers/${row._id}/pin`
    expect((await o.call('POST', path, {}, 'manager')).status).toBe(403)
    expect((await o.call('POST', path, {}, 'other')).status).toBe(404)
    expect((await o.call('POST', path, {})).body).toEqual({ pin })
    expect((await o.call('POST', path, {})).body.errorCode).toBe('PIN_SHOWN')
    const entries = await o.store.raw.auditLog.find({ action: 'clients.showPin' }).toArray()
    expect(entries).toHaveLength(1)
    expect(JSON.stringify(entries)).not.toContain(String(pin))
  })

  test('[ON-12] a new PIN is set at Meta, sealed, audited and shown in its answer; an unanswered request sets the same one again', async () => {
    await signUp()
    const { _id, twoStepPin: before } = await o.rowOf(SPARE.first)
    const path = `/api/v1/phone-numbers/${_id}/pin`
    const atMeta = () => o.simulator.sim.world.numbers.get(SPARE.first)?.pin
    const first = atMeta()
    expect((await o.call('PUT', path, undefined, 'manager')).status).toBe(403)
    expect((await o.call('PUT', path, undefined, 'other')).status).toBe(404)
    const answered = await o.call('PUT', path)
    expect([answered.status, answered.body]).toEqual([200, { pin: expect.stringMatching(/^\d{6}$/) }])
    expect([atMeta(), atMeta() === first]).toEqual([answered.body.pin, false])
    const row = await o.rowOf(SPARE.first)
    expect([row.twoStepPin === before, row.nextTwoStepPin]).toEqual([false, null])
    expect(JSON.stringify(row)).not.toContain(answered.body.pin)
    expect((await o.call('POST', path)).body.errorCode).toBe('PIN_SHOWN')

    const match = { path: `/${SPARE.first}`, method: 'POST' }
    o.simulator.faults([{ match, times: 1, effect: { after: true, reset: true } }])
    expect((await o.call('PUT', path)).body.errorCode).toBe('PIN_UNCONFIRMED')
    const unconfirmed = atMeta()
    expect(unconfirmed).not.toBe(answered.body.pin)
    expect((await o.call('PUT', path)).body).toEqual({ pin: unconfirmed })

    o.simulator.faults([{ match, times: 1, effect: { code: 200, details: 'No right.' } }])
    const refused = await o.call('PUT', path)
    expect([refused.status, refused.body.errorCode, refused.body.code]).toEqual([422, 'PIN_REFUSED', 200])
    expect([atMeta(), (await o.rowOf(SPARE.first)).nextTwoStepPin]).toEqual([unconfirmed, null])
    const entries = await o.store.raw.auditLog.find({ action: 'clients.newPin' }).toArray()
    expect(entries).toHaveLength(4)
    expect(JSON.stringify(entries)).not.toContain(String(unconfirmed))

    await o.call('DELETE', `/api/v1/phone-numbers/${_id}`)
    expect((await o.call('PUT', path)).body.errorCode).toBe('NUMBER_DISCONNECTED')
  })

  test('of a number that a former provider still holds names the cure', async () => {
    o.simulator.setNumber(SPARE.first, { isElsewhere: true })
    const { status, body } = await signUp()
    expect([status, body.step, body.code]).toEqual([422, 'register', 133000])
    expect(body.detail).toContain('former provider')
    o.simulator.setNumber(SPARE.first, { isElsewhere: false })
    expect((await o.call('POST', `/api/v1/connections/${body.connectionId}/continue`, {})).body.state).toBe('DONE')
  })

  test('of a number that another organisation has connected takes nothing away; a disconnected one may move', async () => {
    const { other } = DEMO_TENANTS
    const { status, body } = await signUp({}, other.wabaId)
    expect([status, body.step]).toEqual([422, 'number'])
    expect(body.detail).toContain('another organisation')
    const theirs = await o.rowOf(other.phoneNumberId)
    expect(theirs.status).toBe('active')
    await o.call('DELETE', `/api/v1/phone-numbers/${theirs._id}`, undefined, 'other')
    expect((await signUp({}, other.wabaId)).status).toBe(201)
    const ours = await o.rowOf(other.phoneNumberId)
    expect([String(ours.tenantId), ours._id.equals(theirs._id)]).toEqual([String(o.tenantId), false])
  })

  test('with the WhatsApp Business app registers nothing, and asks for contacts and history once', async () => {
    const path = await o.throughDialog(SPARE.first, {}, { coexistence: true })
    const asked = new URL(`http://x${path}`)
    expect(asked.searchParams.has('code')).toBe(true)
    o.simulator.setNumber(SPARE.first, { isOnBizApp: true, state: 'connected' })
    expect((await o.returnJson(path)).status).toBe(200)
    const row = await o.rowOf(SPARE.first)
    expect(row).toMatchObject({ status: 'active', coexistence: true, throughput: 20 })
    const { body } = await o.call('GET', `/api/v1/connections?clientId=${row._id}`)
    const own = body.data[0].steps.filter(({ phoneNumberId }: { phoneNumberId: string }) => phoneNumberId === SPARE.first)
    expect(Object.fromEntries(own.map(({ key, state }: { key: string; state: string }) => [key, state]))).toMatchObject({
      pin: 'SKIPPED',
      register: 'SKIPPED',
      contacts: 'DONE',
      history: 'DONE',
    })
    expect([...(o.simulator.sim.world.numbers.get(SPARE.first)?.synced ?? [])].toSorted()).toEqual([
      'history',
      'smb_app_state_sync',
    ])
    expect((await signUp({ phoneNumberId: SPARE.first })).status).toBe(201)
    expect(o.countOf('POST', '/smb_app_data')).toBe(2)
  })
})

describe('disconnecting', () => {
  test.for([
    ['DELETE', '/api/auth/whatsapp/disconnect'],
    ['POST', '/api/auth/whatsapp/disconnect'],
    ['POST', '/api/v1/auth/whatsapp/disconnect'],
  ] as const)('[ON-13] by %s %s ends the number here and at Meta', async ([method, path]) => {
    await signUp({ phoneNumberId: SPARE.first })
    const clients = [await o.rowOf(SPARE.first), await o.rowOf(SPARE.second)]
    const token = openAccessToken(keyring, await o.rowOf(SPARE.first)) as string
    for (const client of clients) {
      const { status, body } = await o.call(method, path, { clientId: String(client._id) })
      expect([status, body]).toEqual([200, { success: true }])
    }
    expect(await o.rowOf(SPARE.first)).toMatchObject({
      status: 'disconnected',
      accessToken: null,
      disconnectedAt: expect.any(Date),
    })
    // Webhooks and token are needed while one of the account's numbers is connected.
    expect([o.countOf('DELETE', '/subscribed_apps'), o.countOf('GET', '/oauth/revoke')]).toEqual([1, 1])
    expect(o.simulator.sim.world.tokens.get(token)?.refused).toMatchObject({ code: 190 })
    expect((await o.call(method, path, { clientId: 'nobody' })).status).toBe(404)
  })

  test('[ON-13] says what stops, also while Meta is away; the number can be connected again with its history', async () => {
    const client = await o.rowOf(DEMO_TENANTS.demo.phoneNumberId)
    await o.call('POST', '/api/v1/messages/send', { to: '+212661000101', text: 'a' })
    o.simulator.faults([{ match: { path: '/subscribed_apps' }, times: 2, effect: { status: 503 } }])
    const { status, body } = await o.call('DELETE', `/api/v1/phone-numbers/${client._id}`)
    expect([status, body.status, body.stops]).toEqual([200, 'disconnected', { messages: 1, campaigns: 0 }])
    expect((await o.call('POST', '/api/v1/messages/send', { to: '+212661000101', text: 'a' })).status).toBe(422)
    await signUp({}, DEMO_TENANTS.demo.wabaId)
    expect(await o.rowOf(DEMO_TENANTS.demo.phoneNumberId)).toMatchObject({
      _id: client._id,
      status: 'active',
      disconnectedAt: null,
    })
  })
})

describe('without a dialog', () => {
  const jobDeps = (settingsNumber: object | null) => {
    const own = onboardingDeps(o.gateway.deps)
    const never = { tokenEveryMs: 1e9, healthEveryMs: 1e9, templatesEveryMs: 1e9, version: 'v25.0' }
    return { ...own, ...never, settingsNumber: settingsNumber as never }
  }
  const advance = () => advanceConnections(jobDeps(null))

  test('[ON-15] the number of the settings is connected at the start, once for each token', async () => {
    const { token } = o.simulator.token({ wabaIds: null, expiresAt: 0 })
    const settings = { accessToken: token, phoneNumberId: SPARE.first, wabaId: SPARE.wabaId, tenantId: null }
    await connectSettingsNumber(jobDeps(settings))
    // There are two tenants, and none is named.
    expect(await o.store.raw.connections.countDocuments({})).toBe(0)
    const named = { ...settings, tenantId: String(o.tenantId) }
    for (let start = 0; start < 2; start++) await connectSettingsNumber(jobDeps(named))
    await advance()
    const row = await o.rowOf(SPARE.first)
    expect(row).toMatchObject({ status: 'active', tokenExpiry: null })
    expect(await o.rowOf(SPARE.second)).toBeNull()
    await o.call('DELETE', `/api/v1/phone-numbers/${row._id}`)
    await connectSettingsNumber(jobDeps(named))
    await advance()
    expect((await o.rowOf(SPARE.first)).status).toBe('disconnected')
    expect(await o.store.raw.connections.countDocuments({ kind: 'settings' })).toBe(1)
  })

  test('[ON-16] a client is created with a system user’s token, or by the dialog whose address is answered', async () => {
    const { token } = o.simulator.token({ wabaIds: null, expiresAt: 0 })
    const about = { companyName: 'Sahara', email: 'rh@sahara.example', userId: 'recruiter-7' }
    const missing = await o.call('POST', '/api/clients', { accessToken: token, ...about })
    expect([missing.status, missing.body.step]).toEqual([422, 'waba'])
    const given = { accessToken: token, wabaId: SPARE.wabaId, phoneNumberId: SPARE.first, ...about }
    const { status, body } = await o.call('POST', '/api/clients', given)
    expect(status).toBe(201)
    expect(body.client).toMatchObject({ ...about, phoneNumberId: SPARE.first, status: 'active', whatsappNumber: '+212528990011' })
    expect(JSON.stringify(body)).not.toContain(token)
    const { body: dialog } = await o.call('POST', '/api/clients', { companyName: 'Sahara' })
    expect([dialog.client, new URL(dialog.oauthUrl).searchParams.has('state')]).toEqual([null, true])
    const stranger = o.simulator.token({ wabaIds: null, appId: '1' }).token
    expect((await o.call('POST', '/api/v1/clients', { ...given, accessToken: stranger })).body).toMatchObject({ step: 'scopes' })
  })

  test('[ON-17] the list shows active clients only', async () => {
    await signUp()
    await o.call('POST', `/api/v1/phone-numbers/${(await o.rowOf(SPARE.first))._id}/pause`, {})
    const { body } = await o.call('GET', '/api/clients')
    expect(body.clients.map(({ phoneNumberId }: { phoneNumberId: string }) => phoneNumberId)).toEqual([
      DEMO_TENANTS.demo.phoneNumberId,
      SPARE.second,
    ])
    expect(body.total).toBe(2)
    expect((await o.call('GET', '/api/v1/clients')).body.total).toBe(3)
  })

  test('[ON-18] one’s own client is read, changed and taken out softly', async () => {
    await o.returnJson(await o.throughDialog(SPARE.first))
    const { body } = await o.call('GET', '/api/clients/me')
    expect([SPARE.first, SPARE.second]).toContain(body.phoneNumberId)
    const { body: changed } = await o.call('PUT', '/api/clients/me', { companyName: 'Atlas Sud', email: null })
    expect(changed).toMatchObject({ _id: body._id, companyName: 'Atlas Sud', email: null })
    expect((await o.call('PUT', '/api/clients/me', { accessToken: 'x'.repeat(20) })).status).toBe(400)
    expect((await o.call('DELETE', '/api/clients/me')).body).toEqual({ success: true })
    const row = await o.store.raw.clients.findOne({ phoneNumberId: body.phoneNumberId })
    expect(row).toMatchObject({ status: 'disconnected', deletedAt: expect.any(Date) })
    expect((await o.call('GET', '/api/clients/me')).body._id).not.toBe(body._id)
  })

  test('[ON-19] a client is active, disconnected, suspended or paused, and nothing else', async () => {
    await expect(
      o.store.models.clients.create({
        tenantId: o.tenantId,
        phoneNumberId: '1',
        whatsappNumber: '1',
        wabaId: '1',
        status: 'gone' as never,
      }),
    ).rejects.toThrow(/status/)
    expect(
      (
        await o.call('PATCH', `/api/v1/phone-numbers/${(await o.rowOf(DEMO_TENANTS.demo.phoneNumberId))._id}`, {
          status: 'active',
        })
      ).status,
    ).toBe(400)
    const { body } = await o.call('GET', '/api/clients/me')
    expect(body.status).toBe('active')
  })

  test('dialogs that nobody ends, and failures that nobody continues, end by themselves with their secrets', async () => {
    await o.call('POST', INITIATE, {})
    const failed = await signUp({ phoneNumberId: '1' })
    o.gateway.clock.now = new Date(Date.now() + 25 * 3_600_000)
    await endAbandonedConnections(jobDeps(null))
    const states = await o.store.raw.connections.find({}).toArray()
    expect(states.map(({ state, accessToken }) => [state, accessToken])).toEqual([
      ['EXPIRED', null],
      ['EXPIRED', null],
    ])
    expect((await o.call('POST', `/api/v1/connections/${failed.body.connectionId}/continue`, {})).body.errorCode).toBe(
      'CONNECTION_STATE',
    )
  })
})

test('[ON-14] a number that lost its token is paused; connected again it is active, and older reports of Meta no longer end it', async () => {
  const { demo } = DEMO_TENANTS
  const client = await o.rowOf(demo.phoneNumberId)
  await pauseClient(o.store, { tenantId: client.tenantId, clientId: client._id, reason: 'token', detail: 'revoked', code: 190 })
  await signUp({}, demo.wabaId)
  const after = await o.rowOf(demo.phoneNumberId)
  expect(after).toMatchObject({ status: 'active', pauseReason: null, pauseCode: null, statusReason: null })
  expect(after.resumedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
  expect(after.lastEventAt?.connection).toBeInstanceOf(Date)
  const events = await o.store.raw.events.find({ name: 'client:status', clientId: client._id }).sort({ at: 1 }).toArray()
  expect(events.map(({ payload }) => payload.status)).toEqual(['paused', 'active'])
  // What a person decided is theirs to end.
  await pauseClient(o.store, { tenantId: client.tenantId, clientId: client._id, reason: 'manual', detail: 'holiday' })
  await signUp({}, demo.wabaId)
  expect(await o.rowOf(demo.phoneNumberId)).toMatchObject({ status: 'paused', pauseReason: 'manual' })
})

test('[ON-25] connections, checks and PINs of another tenant are not found', async () => {
  const { body } = await signUp()
  const client = await o.rowOf(SPARE.first)
  for (const [method, path] of [
    ['GET', `/api/v1/connections/${body.id}`],
    ['POST', `/api/v1/connections/${body.id}/continue`],
    ['POST', `/api/v1/phone-numbers/${client._id}/check`],
    ['POST', `/api/v1/phone-numbers/${client._id}/pin`],
    ['DELETE', `/api/v1/phone-numbers/${client._id}`],
    ['POST', `/api/auth/whatsapp/disconnect?clientId=${client._id}`],
    ['POST', `/api/auth/whatsapp/disconnect?clientId=${SPARE.first}`],
  ] as const)
    expect([path, (await o.call(method, path, method === 'GET' ? undefined : {}, 'other')).status]).toEqual([path, 404])
  expect((await o.call('GET', '/api/v1/connections', undefined, 'other')).body.data).toEqual([])
  expect((await o.call('GET', '/api/v1/connections', undefined, 'platform')).body.data).toHaveLength(1)
  expect((await o.rowOf(SPARE.first)).status).toBe('active')
})

/** The calls of the steps: one number, so that each is made once. */
const CALLS: [step: string, method: string, fault: string, path: RegExp][] = [
  ['token', 'GET', '/oauth/access_token', /^oauth\/access_token$/],
  ['scopes', 'GET', '/debug_token', /^debug_token$/],
  ['waba', 'GET', `/${SPARE.wabaId}`, new RegExp(`^${SPARE.wabaId}$`)],
  ['number', 'GET', '/phone_numbers', /phone_numbers$/],
  ['register', 'POST', '/register', /\/register$/],
  ['subscribe', 'GET', '/subscribed_apps', /subscribed_apps$/],
  ['subscribe', 'POST', '/subscribed_apps', /subscribed_apps$/],
  ['webhook', 'GET', '/subscriptions', /\/subscriptions$/],
  ['template', 'GET', '/message_templates', /message_templates$/],
]
const OPTIONAL = ['webhook', 'template']

describe('a step that fails once', () => {
  beforeEach(() => o.simulator.sim.world.numbers.delete(SPARE.second))

  const onceEach = () => {
    expect(o.countOf('POST', '/register')).toBe(1)
    expect(o.countOf('POST', '/subscribed_apps')).toBe(1)
    expect(o.countOf('GET', '/oauth/access_token')).toBe(1)
  }
  const isConnected = async () => {
    const row = await o.rowOf(SPARE.first)
    expect(row).toMatchObject({ status: 'active', accessToken: expect.any(String) })
    expect(await o.store.raw.clients.countDocuments({ phoneNumberId: SPARE.first })).toBe(1)
  }
  /** Before its end a number is known and does nothing. */
  const isNotHalf = async () => {
    const row = await o.rowOf(SPARE.first)
    expect([null, 'disconnected']).toContain(row?.status ?? null)
    expect(row?.accessToken ?? null).toBeNull()
  }

  test.for(CALLS)('%s (%s %s): refused by Meta, it is named with Meta’s text and goes on', async ([step, method, path]) => {
    o.simulator.faults([{ match: { path, method }, times: 1, effect: { code: 200, details: 'Permission was taken away.' } }])
    const { status, body } = await signUp()
    if (OPTIONAL.includes(step)) {
      expect(o.stepOf(body, step)).toMatchObject({ state: 'FAILED', code: 200 })
      await isConnected()
      const { body: checked } = await o.call('POST', `/api/v1/phone-numbers/${(await o.rowOf(SPARE.first))._id}/check`)
      expect(['DONE', 'TODO']).toContain(o.stepOf(checked, step).state)
      return onceEach()
    }
    expect([status, body.step, body.code]).toEqual([422, step, 200])
    await isNotHalf()
    const { body: listed } = await o.call('GET', '/api/v1/connections')
    expect(listed.data[0].steps.find(({ key }: { key: string }) => key === step)).toMatchObject({
      state: 'FAILED',
      code: 200,
      metaText: expect.any(String),
      cure: expect.any(String),
    })
    const { body: next } = await o.call('POST', `/api/v1/connections/${body.connectionId}/continue`, {})
    if (step === 'token') await o.returnJson(await o.choose(next.oauthUrl, SPARE.first))
    await isConnected()
    onceEach()
  })

  test.for(CALLS.filter(([step]) => step !== 'token'))(
    '%s (%s %s): carried out without an answer, it is asked about and not repeated',
    async ([, method, path]) => {
      o.simulator.faults([{ match: { path, method }, times: 1, effect: { after: true, reset: true } }])
      const { status, body } = await signUp()
      expect([status, body.state]).toEqual([201, 'DONE'])
      await isConnected()
      onceEach()
    },
  )

  test('token: an exchange without an answer uses its code up; the dialog is opened again for the same connection', async () => {
    o.simulator.faults([{ match: { path: '/oauth/access_token' }, times: 1, effect: { after: true, reset: true } }])
    const { body } = await signUp()
    expect([body.step, body.code]).toEqual(['token', 100])
    await isNotHalf()
    const { body: next } = await o.call('POST', `/api/v1/connections/${body.connectionId}/continue`, {})
    expect(next.state).toBe('OPEN')
    expect((await o.returnJson(await o.choose(next.oauthUrl, SPARE.first))).body.success).toBe(true)
    expect(await o.store.raw.connections.countDocuments({})).toBe(1)
    await isConnected()
  })

  // The code of the step token lives for 30 seconds, and would be over on a slow machine.
  test.for(CALLS.filter(([step]) => step !== 'token'))(
    '%s (%s %s): Meta hangs; the timeout is no failure',
    { timeout: 300_000 },
    async ([, method, path]) => {
      o.simulator.faults([{ match: { path, method }, times: 1, effect: { timeout: true } }])
      await signUp()
      await untilTrue(async () => {
        const connection = await o.connection()
        return connection.state === 'DONE' || (await o.resume(connection)).state === 'DONE'
      }, 240_000)
      await isConnected()
      onceEach()
    },
  )

  async function begun(): Promise<ConnectionDoc> {
    const actor = {
      kind: 'user' as const,
      id: (await o.store.raw.users.findOne({ email: 'demo@whatsapp-saas.com' }))?._id ?? null,
      name: 'x',
    }
    const code = o.codeFor(SPARE.wabaId)
    const input = {}
    return await beginSignup(
      onboardingDeps(o.gateway.deps),
      { tenantId: String(o.tenantId), actor, input },
      { code, redirectUri: null },
      async () => undefined,
    )
  }

  test.for(CALLS.flatMap(call => [true, false].map(isCarriedOut => [...call, isCarriedOut] as const)))(
    '%s (%s %s): its process is killed; another one goes on',
    async ([step, method, , path, isCarriedOut]) => {
      const connection = await begun()
      await o.runUntilKilled(connection, { method, path, isCarriedOut })
      const { body } = await o.call('GET', `/api/v1/connections/${connection._id}`)
      expect(o.stepOf(body, step)).toMatchObject({ state: 'RUNNING', attempts: 1 })
      if (!OPTIONAL.includes(step)) await isNotHalf()
      const resumed = await o.resume(connection)
      if (step === 'token' && isCarriedOut) {
        expect(resumed.state).toBe('FAILED')
        const { body: next } = await o.call('POST', `/api/v1/connections/${connection._id}/continue`, {})
        await o.returnJson(await o.choose(next.oauthUrl, SPARE.first))
      } else onceEach()
      await isConnected()
      expect(o.countOf('POST', '/register')).toBe(1)
    },
  )
})
