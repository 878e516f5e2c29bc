import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json } from '#deploy/simulator/world/world.ts'
import { graph, PHONE, TOKEN, WABA } from './testing/client.ts'
import { createReceiver, type Receiver } from './testing/receiver.ts'

const APP = { client_id: '918273645500112', client_secret: 'simulator-app-secret' }
const REDIRECT = 'http://127.0.0.1:3000/api/auth/whatsapp/callback'
const SPARE = '3054543651068213'
let receiver: Receiver
let simulator: Simulator

beforeEach(async () => {
  receiver = await createReceiver()
  simulator = await createSimulator({ webhookUrl: receiver.url, reviewMs: 5 })
})
afterEach(async () => {
  await simulator.close()
  await receiver[Symbol.asyncDispose]()
})

const dialogUrl = (members: Record<string, string> = {}) =>
  `/dialog/oauth?${new URLSearchParams({ client_id: APP.client_id, redirect_uri: REDIRECT, state: 's1', response_type: 'code', ...members })}`
const exchange = (members: Record<string, string>) =>
  graph(simulator, 'GET', `/oauth/access_token?${new URLSearchParams({ ...APP, ...members })}`, undefined, null)

async function choose(choice: string, members = {}): Promise<URL> {
  const form = new URLSearchParams({ client_id: APP.client_id, redirect_uri: REDIRECT, state: 's1', choice, ...members })
  const answer = await fetch(`${simulator.url}/v25.0/dialog/oauth`, { method: 'POST', body: form, redirect: 'manual' })
  expect(answer.status).toBe(302)
  return new URL(answer.headers.get('location') as string)
}

test('the dialog shows the numbers and keeps its parameters', async () => {
  const answer = await fetch(`${simulator.url}${dialogUrl({ state: '"><script>' })}`)
  const page = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(page).toContain('+212 600-111222')
  expect(page).toContain('Sahara Emploi')
  expect(page).not.toContain('"><script>')
  expect((await fetch(`${simulator.url}${dialogUrl({ client_id: '1' })}`)).status).toBe(400)
})

test('a customer connects a number: dialog, code, token, access, registration, subscription', async () => {
  const back = await choose(SPARE)
  expect(back.origin + back.pathname).toBe(REDIRECT)
  expect(back.searchParams.get('state')).toBe('s1')
  const code = back.searchParams.get('code') as string
  const { body } = await exchange({ code, redirect_uri: REDIRECT })
  const token = body.access_token as string
  expect(body).toMatchObject({ token_type: 'bearer', expires_in: 5183944 })
  const debug = await graph(
    simulator,
    'GET',
    `/debug_token?input_token=${token}`,
    undefined,
    `${APP.client_id}|${APP.client_secret}`,
  )
  const data = debug.body.data as Json
  expect(data).toMatchObject({ is_valid: true, granular_scopes: [{ target_ids: ['330300670099887'] }, {}] })
  const numbers = await graph(simulator, 'GET', '/330300670099887/phone_numbers?fields=id,status', undefined, token)
  expect(numbers.body.data).toContainEqual({ id: SPARE, status: 'DISCONNECTED' })
  expect(
    (await graph(simulator, 'POST', `/${SPARE}/register`, { messaging_product: 'whatsapp', pin: '123456' }, token)).body,
  ).toEqual({ success: true })
  expect((await graph(simulator, 'POST', '/330300670099887/subscribed_apps', undefined, token)).body).toEqual({ success: true })
  await simulator.idle()
  expect(receiver.received.some(({ raw }) => raw.includes('PARTNER_ADDED'))).toBe(true)
})

test('a cancelled dialog redirects with an error', async () => {
  const back = await choose('cancel')
  expect(Object.fromEntries(back.searchParams)).toMatchObject({
    error: 'access_denied',
    error_reason: 'user_denied',
    state: 's1',
  })
  const quick = await fetch(`${simulator.url}${dialogUrl({ sim_choose: SPARE })}`, { redirect: 'manual' })
  expect(new URL(quick.headers.get('location') as string).searchParams.has('code')).toBe(true)
})

test('a code is valid for 30 s, once, and with its own redirect URI', async () => {
  const code = (await choose(SPARE)).searchParams.get('code') as string
  expect((await exchange({ code })).body.error?.error_subcode).toBe(36008)
  expect((await exchange({ code, redirect_uri: REDIRECT, client_secret: 'wrong' })).body.error?.code).toBe(1)
  expect((await exchange({ code, redirect_uri: REDIRECT })).status).toBe(200)
  expect((await exchange({ code, redirect_uri: REDIRECT })).body.error?.error_subcode).toBe(36009)
  const late = (await choose(SPARE)).searchParams.get('code') as string
  simulator.clock(31_000)
  expect((await exchange({ code: late, redirect_uri: REDIRECT })).body.error?.error_subcode).toBe(36007)
})

test('a token can be renewed until it expires', async () => {
  const renew = (token: string) =>
    exchange({ grant_type: 'fb_exchange_token', set_token_expires_in_60_days: 'true', fb_exchange_token: token })
  const { body } = await renew(TOKEN)
  expect(body.access_token).not.toBe(TOKEN)
  expect((await graph(simulator, 'GET', `/${PHONE}`, undefined, body.access_token as string)).status).toBe(200)
  expect((await graph(simulator, 'GET', `/${PHONE}`)).status).toBe(200)
  simulator.clock(61 * 86_400_000)
  expect((await renew(TOKEN)).body.error).toMatchObject({ code: 190, error_subcode: 463 })
})

test('a revoked token fails at once', async () => {
  await graph(simulator, 'DELETE', '/me/permissions')
  expect((await graph(simulator, 'GET', `/${PHONE}`)).body.error).toMatchObject({ code: 190, error_subcode: 458 })
  await simulator.idle()
  expect(receiver.received.some(({ raw }) => raw.includes('PARTNER_APP_UNINSTALLED'))).toBe(true)
})

test('the eleventh registration in 72 h is refused', async () => {
  const register = (pin = '123456') => graph(simulator, 'POST', `/${PHONE}/register`, { messaging_product: 'whatsapp', pin })
  for (let turn = 0; turn < 9; turn++) expect((await register()).status).toBe(200)
  expect((await register('654321')).body.error?.code).toBe(133005)
  expect((await register()).body.error?.code).toBe(133016)
  simulator.clock(72 * 3_600_000 + 1)
  expect((await register()).status).toBe(200)
})

test('a new template is reviewed, and an offer becomes marketing', async () => {
  const create = (name: string, text: string) =>
    graph(simulator, 'POST', `/${WABA}/message_templates`, {
      name,
      language: 'fr',
      category: 'utility',
      components: [{ type: 'body', text }],
    })
  expect((await create('commande', 'Votre commande est partie')).body).toMatchObject({ status: 'PENDING', category: 'UTILITY' })
  expect((await create('offre', 'Soldes : tout à -30 %')).body).toMatchObject({ category: 'MARKETING' })
  expect((await create('jeu', 'Venez au casino')).body).toMatchObject({ status: 'PENDING' })
  await simulator.idle()
  const events = receiver.received
    .flatMap(({ values }) => values)
    .map(({ event, message_template_name: name, reason }) => [name, event, reason])
  expect(events).toContainEqual(['commande', 'APPROVED', 'NONE'])
  expect(events).toContainEqual(['jeu', 'REJECTED', 'ABUSIVE_CONTENT'])
  const approved = await graph(simulator, 'GET', `/${WABA}/message_templates?status=APPROVED&limit=2&fields=name`)
  expect(approved.body.data).toHaveLength(2)
  const next = new URL((approved.body.paging as { next: string }).next)
  const second = await graph(simulator, 'GET', `${next.pathname.replace('/v25.0', '')}${next.search}`)
  expect((second.body.data as Json[]).map(({ name }) => name)).not.toContain((approved.body.data as Json[])[0]?.name)
})

test('an approved template keeps its category and can be edited once a day', async () => {
  const edit = (members: object) => graph(simulator, 'POST', '/900100200300403', members)
  expect((await edit({ category: 'MARKETING' })).body.error?.code).toBe(100)
  const components = [{ type: 'BODY', text: 'Hello {{1}}, welcome back to us.', example: { body_text: [['Salma']] } }]
  expect((await edit({ components })).body).toEqual({ success: true })
  await simulator.idle()
  expect((await edit({ components })).body.error?.error_subcode).toBe(2388008)
})

test('a deleted name is blocked, and a disabled template cannot be deleted', async () => {
  expect((await graph(simulator, 'DELETE', `/${WABA}/message_templates?name=welcome`)).body).toEqual({ success: true })
  const again = { name: 'welcome', language: 'en_US', category: 'UTILITY', components: [{ type: 'BODY', text: 'Hello again' }] }
  expect((await graph(simulator, 'POST', `/${WABA}/message_templates`, again)).body.error?.error_subcode).toBe(2388023)
  simulator.review('job_opportunity', { status: 'DISABLED' })
  expect((await graph(simulator, 'DELETE', `/${WABA}/message_templates?name=job_opportunity`)).body.error?.code).toBe(100)
})

test('a file is uploaded, sent by id, downloaded and deleted', async () => {
  const form = new FormData()
  form.set('messaging_product', 'whatsapp')
  form.set('file', new Blob(['%PDF-1.4'], { type: 'application/pdf' }), 'cv.pdf')
  const upload = await fetch(`${simulator.url}/v25.0/${PHONE}/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: form,
  })
  const { id } = (await upload.json()) as { id: string }
  const document = { messaging_product: 'whatsapp', to: '212661000101', type: 'document', document: { id, filename: 'cv.pdf' } }
  expect((await graph(simulator, 'POST', `/${PHONE}/messages`, document)).status).toBe(200)
  const image = { messaging_product: 'whatsapp', to: '212661000101', type: 'image', image: { id } }
  expect((await graph(simulator, 'POST', `/${PHONE}/messages`, image)).body.error?.code).toBe(131053)
  const { url } = (await graph(simulator, 'GET', `/${id}`)).body as { url: string }
  const part = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}`, range: 'bytes=1-3' } })
  expect([part.status, await part.text()]).toEqual([206, 'PDF'])
  expect((await graph(simulator, 'DELETE', `/${id}`)).body).toEqual({ success: true })
  expect((await graph(simulator, 'GET', `/${id}`)).body.error?.error_subcode).toBe(33)
})

test('an upload called audio/opus is taken, and its message refused', async () => {
  const idOf = async (type: string) => {
    const form = new FormData()
    form.set('messaging_product', 'whatsapp')
    form.set('file', new Blob(['OggS'], { type }), 'note.ogg')
    const headers = { authorization: `Bearer ${TOKEN}` }
    const upload = await fetch(`${simulator.url}/v25.0/${PHONE}/media`, { method: 'POST', headers, body: form })
    return ((await upload.json()) as { id: string }).id
  }
  const send = async (type: string) => {
    const audio = { messaging_product: 'whatsapp', to: '212661000101', type: 'audio', audio: { id: await idOf(type) } }
    return await graph(simulator, 'POST', `/${PHONE}/messages`, audio)
  }
  expect((await send('audio/opus')).body.error?.code).toBe(131053)
  expect((await send('audio/ogg')).status).toBe(200)
})

test('a resumable upload continues where it stopped', async () => {
  const start = await graph(simulator, 'POST', `/${APP.client_id}/uploads?file_name=a.jpg&file_length=10&file_type=image/jpeg`)
  const id = start.body.id as string
  const push = async (offset: number, bytes: string) => {
    const answer = await fetch(`${simulator.url}/v25.0/${id}`, {
      method: 'POST',
      headers: { authorization: `OAuth ${TOKEN}`, file_offset: String(offset) },
      body: bytes,
    })
    return (await answer.json()) as Json
  }
  expect(await push(0, '12345')).toMatchObject({ file_offset: 5 })
  expect((await graph(simulator, 'GET', `/${id}`)).body).toMatchObject({ file_offset: 5 })
  expect((await push(5, '67890')).h).toMatch(/^4::/)
})

test('the app’s own callback is set after a handshake', async () => {
  const body = { object: 'whatsapp_business_account', callback_url: receiver.url, verify_token: 'v', fields: 'messages' }
  expect((await graph(simulator, 'POST', `/${APP.client_id}/subscriptions`, body)).status).toBe(422)
  expect((await graph(simulator, 'GET', `/${APP.client_id}/subscriptions`)).body.data).toMatchObject([
    { callback_url: receiver.url, active: true },
  ])
})

test('management calls beyond the hourly limit are refused with 80007', async () => {
  simulator.sim.calls.set(WABA, { hour: Math.floor(Date.now() / 3_600_000), count: 5000 })
  const answer = await graph(simulator, 'GET', `/${WABA}/message_templates`)
  expect(answer.body.error?.code).toBe(80007)
  expect(answer.headers.has('x-business-use-case-usage')).toBe(true)
})
