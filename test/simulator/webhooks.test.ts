import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { signatureOf } from '#deploy/simulator/webhooks/wire.ts'
import { control, graph, PHONE, send, TOKEN, textTo, WABA } from './testing/client.ts'
import { createReceiver } from './testing/receiver.ts'

const SALMA = '212661000101'
let simulator: Simulator

beforeEach(async () => {
  simulator = await createSimulator({ retrySpeed: 1000, appSecret: 'shhh' })
  simulator.delivery({ sentMs: 1, deliveredMs: 2, readMs: 3 })
})
afterEach(() => simulator.close())

const inbound = (members: object = {}) =>
  simulator.inbound({ phoneNumberId: PHONE, from: SALMA, name: 'Zoé', message: 'Où ? / 👋', ...members })

test('an inbound message arrives in the bytes Meta sends, signed', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const { id, deliveryId } = inbound({ timestamp: 1795165200 })
  await simulator.idle()
  const [webhook] = receiver.received
  expect(webhook?.raw).toContain('O\\u00f9 ? \\/ \\ud83d\\udc4b')
  expect(webhook?.raw).toMatch(/^[\x20-\x7e]*$/)
  expect(webhook?.signature).toBe(signatureOf(webhook?.raw as string, 'shhh'))
  expect(receiver.messages()).toMatchObject([{ id, from: SALMA, timestamp: '1795165200', text: { body: 'Où ? / 👋' } }])
  expect(simulator.webhooks({ id: deliveryId }).data).toMatchObject([
    { state: 'delivered', items: [{ kind: 'message', id }], attempts: [{ status: 200 }] },
  ])
})

test('anything but 200 is repeated with the same bytes, connection errors too', async () => {
  const answers: (number | null)[] = [201, 500, null, 302, 200]
  await using receiver = await createReceiver(turn => answers[turn - 1] as number | null)
  simulator.app({ webhookUrl: receiver.url })
  const { deliveryId } = inbound()
  await simulator.idle()
  expect(new Set(receiver.received.map(({ raw }) => raw)).size).toBe(1)
  const [delivery] = simulator.webhooks({ id: deliveryId }).data
  expect(delivery?.attempts.map(({ status }) => status)).toEqual(answers)
  expect(delivery?.attempts[2]?.error).toBeTruthy()
})

test('webhooks go to the address of the number, else of its WABA, else of the app', async () => {
  await using app = await createReceiver()
  await using account = await createReceiver()
  await using own = await createReceiver()
  simulator.app({ webhookUrl: app.url })
  const number = simulator.sim.world.numbers.get(PHONE)
  const waba = simulator.sim.world.wabas.get(WABA)
  if (!number || !waba) throw new Error('the demo world is missing')
  inbound()
  waba.override = { url: account.url, verifyToken: 'v' }
  inbound()
  number.override = { url: own.url, verifyToken: 'v' }
  inbound()
  simulator.review('welcome', { status: 'PAUSED' })
  await simulator.idle()
  expect([app, account, own].map(({ received }) => received.length)).toEqual([2, 1, 1])
  expect(app.received.some(({ raw }) => raw.includes('message_template_status_update'))).toBe(true)
})

test('a WABA that is not subscribed gets no webhook, and the log shows it', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  await graph(simulator, 'DELETE', `/${WABA}/subscribed_apps`)
  const { deliveryId } = inbound()
  await simulator.idle()
  expect(receiver.received).toEqual([])
  expect(simulator.webhooks({ id: deliveryId }).data).toMatchObject([{ state: 'unsubscribed', attempts: [] }])
})

test('one POST may carry several statuses, and every webhook may come more than once', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  simulator.delivery({ batch: 100, batchMs: 50, copies: 3, deliveredMs: null, readMs: null })
  for (let i = 0; i < 20; i++) await send(simulator, textTo(SALMA))
  await simulator.idle()
  await expect.poll(() => receiver.statuses().length).toBeGreaterThanOrEqual(20)
  expect(receiver.received.length).toBeLessThan(20)
})

test('any body can be signed and delivered unchanged, with a wrong signature or none', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const raw =
    '{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"1054543651068213"},"messages":[{"from":"212699000001","id":"wamid.A","timestamp":"1"}]}}]}],"é":1}'
  simulator.webhook(raw)
  await simulator.idle()
  simulator.webhook('nonsense', { signature: null })
  await simulator.idle()
  simulator.webhook('nonsense', { signature: 'sha256=00' })
  await simulator.idle()
  expect(receiver.received.map(({ raw: got }) => got)).toEqual([raw, 'nonsense', 'nonsense'])
  expect(receiver.received.map(({ signature }) => signature)).toEqual([signatureOf(raw, 'shhh'), undefined, 'sha256=00'])
})

test('a raw webhook opens the window at its timestamp', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const message = {
    from: '212699000001',
    id: 'wamid.B',
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    text: { body: 'x' },
  }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: PHONE }, messages: [message] }
  await control(simulator, 'POST', '/webhook', {
    object: 'whatsapp_business_account',
    entry: [{ id: WABA, changes: [{ field: 'messages', value }] }],
  })
  await send(simulator, textTo('212699000001'))
  await simulator.idle()
  expect(receiver.statuses().some(({ status }) => status === 'failed')).toBe(false)
  expect(
    (
      await graph(simulator, 'POST', `/${PHONE}/messages`, {
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: 'wamid.B',
      })
    ).status,
  ).toBe(200)
})

test('media of an inbound message can be fetched with its id, its url and its hash', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const data = Buffer.from('the bytes').toString('base64')
  inbound({ message: { type: 'image', image: { caption: 'Plan', data, mime_type: 'image/png' } } })
  await simulator.idle()
  const [message] = receiver.messages()
  const image = message?.image as { id: string; url: string; sha256: string; mime_type: string; data?: string }
  expect(image).toMatchObject({ mime_type: 'image/png', caption: 'Plan' })
  expect(image.data).toBeUndefined()
  const download = async (url: string, token: string = TOKEN) => fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(await (await download(image.url)).text()).toBe('the bytes')
  expect((await download(image.url, 'bad')).status).toBe(401)
  const { body } = await graph(simulator, 'GET', `/${image.id}`)
  expect(body).toMatchObject({ mime_type: 'image/png', file_size: '9' })
  simulator.clock(5 * 60_000 + 1000)
  expect((await download(image.url)).status).toBe(404)
})

test('types, contexts and contacts have Meta’s format', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  inbound({ message: { type: 'button', button: { text: 'Oui', payload: 'YES' }, context: { id: 'wamid.X' } } })
  inbound({ message: { location: { latitude: 1, longitude: 2 } } })
  inbound({ message: { type: 'system', system: { type: 'user_changed_number', wa_id: '1' } } })
  await simulator.idle()
  const messages = receiver.messages()
  expect(messages.find(({ type }) => type === 'button')).toMatchObject({ context: { from: '212600111222', id: 'wamid.X' } })
  expect(messages.some(({ type }) => type === 'location')).toBe(true)
  const values = receiver.received.flatMap(({ values }) => values)
  expect(values.filter(({ contacts }) => contacts === undefined)).toHaveLength(1)
  expect(values.find(({ contacts }) => contacts !== undefined)?.contacts).toEqual([
    { profile: { name: 'Zoé' }, wa_id: SALMA, user_id: 'MA.41982200731550066712' },
  ])
})

test('a message from the business’s phone is emitted as an echo and opens no window', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const { id } = simulator.echo({ phoneNumberId: '1054543651069001', to: '212699000002', message: 'Répondu du téléphone' })
  await simulator.idle()
  const [value] = receiver.received.flatMap(({ values }) => values)
  expect(value?.message_echoes).toMatchObject([
    { id, from: '212600111333', to: '212699000002', text: { body: 'Répondu du téléphone' } },
  ])
})

test.for([
  ['replies_only', ['RESTRICTED_BIZ_INITIATED_MESSAGING']],
  ['restricted', ['RESTRICTED_BIZ_INITIATED_MESSAGING', 'RESTRICTED_CUSTOMER_INITIATED_MESSAGING']],
] as const)('the webhook of an account that is %s carries %j', async ([state, expected]) => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  simulator.setNumber(PHONE, { state, notify: true })
  await simulator.idle()
  simulator.setNumber(PHONE, { state: 'connected' })
  const [value] = receiver.received.flatMap(({ values }) => values)
  const info = value?.restriction_info as { restriction_type: string }[]
  expect(info.map(({ restriction_type }) => restriction_type)).toEqual(expected)
})

test('a lock and its end are emitted on request', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  simulator.setNumber(PHONE, { state: 'locked', notify: true })
  simulator.setNumber(PHONE, { state: 'connected', notify: true })
  await simulator.idle()
  const states = receiver.received
    .flatMap(({ values }) => values)
    .map(({ ban_info }) => (ban_info as { waba_ban_state: string }).waba_ban_state)
  expect(states.sort()).toEqual(['DISABLE', 'REINSTATE'])
})

test('contacts and history of a coexistence number are emitted once', async () => {
  await using receiver = await createReceiver()
  simulator.app({ webhookUrl: receiver.url })
  const sync = (sync_type: string) =>
    graph(simulator, 'POST', '/1054543651069001/smb_app_data', { messaging_product: 'whatsapp', sync_type })
  expect((await sync('smb_app_state_sync')).body).toMatchObject({ request_id: expect.any(String) })
  expect((await sync('history')).status).toBe(200)
  expect((await sync('history')).body.error?.code).toBe(2593107)
  await simulator.idle()
  const values = receiver.received.flatMap(({ values }) => values)
  expect(values.some(({ state_sync }) => Array.isArray(state_sync) && state_sync.length > 0)).toBe(true)
  expect(values.some(({ history }) => Array.isArray(history))).toBe(true)
})
