import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json } from '#deploy/simulator/world/world.ts'
import { control, graph, PHONE, send, TOKEN, templateTo, textTo } from './testing/client.ts'

const SALMA = '212661000101'
let simulator: Simulator
beforeEach(async () => {
  simulator = await createSimulator()
})
afterEach(() => simulator.close())

/** The effect of a fault is called `then` in JSON. */
const faults = (list: { match?: object; times?: number | null; does: object }[]) =>
  control(simulator, 'POST', '/faults', JSON.parse(JSON.stringify(list).replaceAll('"does"', '"then"')))

test('accepted messages are listed in order with the body as it was posted', async () => {
  for (const text of ['un', 'deux']) await send(simulator, textTo(`+${SALMA}`, { text: { body: text } }))
  await send(simulator, textTo('212661000102'))
  const { body } = await control(simulator, 'GET', `/messages?phoneNumberId=${PHONE}&to=%2B${SALMA}`)
  const data = body.data as { id: string; phoneNumberId: string; to: string; at: string; body: Json }[]
  expect(data.map(message => (message.body.text as Json).body)).toEqual(['un', 'deux'])
  expect(data[0]).toMatchObject({ phoneNumberId: PHONE, to: SALMA, body: { to: `+${SALMA}` } })
  expect(Number.isNaN(Date.parse(data[0]?.at as string))).toBe(false)
  expect(body).toMatchObject({ count: 2, total: 3 })
})

test('inbound answers 201 with the ids; an unknown number is a clear error', async () => {
  const made = await control(simulator, 'POST', '/inbound', { phoneNumberId: PHONE, from: `+${SALMA}`, message: 'Bonjour' })
  expect(made).toMatchObject({ status: 201, body: { id: expect.stringMatching(/^wamid\./), deliveryId: expect.any(String) } })
  const wrong = await control(simulator, 'POST', '/inbound', { phoneNumberId: '1', from: SALMA, message: 'x' })
  expect(wrong).toMatchObject({ status: 400, body: { error: expect.stringContaining('not a number') } })
})

test('tokens are listed with their numbers', async () => {
  const { body } = await control(simulator, 'GET', '/tokens')
  expect(body.data).toContainEqual({ token: TOKEN, wabaId: '310200450078901', phoneNumberIds: [PHONE, '1054543651069001'] })
})

test('a fault answers with a code or a status, or resets the connection, and nothing is sent', async () => {
  await faults([
    { match: { to: SALMA }, times: 1, does: { code: 130429 } },
    { times: 1, does: { status: 503 } },
    { times: 1, does: { reset: true } },
  ])
  expect((await send(simulator, textTo(SALMA))).body.error?.code).toBe(130429)
  expect(await send(simulator, textTo('212661000102'))).toMatchObject({
    status: 503,
    body: { error: { code: 2, is_transient: true } },
  })
  await expect(send(simulator, textTo(SALMA))).rejects.toThrow('fetch failed')
  expect(simulator.messages().count).toBe(0)
  expect((await send(simulator, textTo(SALMA))).status).toBe(200)
})

test('a fault without an effect is refused', async () => {
  expect((await control(simulator, 'POST', '/faults', [{ match: {} }])).status).toBe(400)
})

test('a fault after the send loses only the answer', async () => {
  await faults([
    { does: { reset: true, after: true } },
    { does: { garbled: true } },
    { does: { garbled: 'truncated' } },
    { does: { garbled: 'wrong-type' } },
  ])
  await expect(send(simulator, textTo(SALMA))).rejects.toThrow('fetch failed')
  expect((await send(simulator, textTo(SALMA))).body.text).toContain('<html>')
  await expect(send(simulator, textTo(SALMA))).rejects.toThrow('JSON')
  expect((await send(simulator, textTo(SALMA))).body).toMatchObject({ messages: [{ id: 42 }] })
  expect(simulator.messages().count).toBe(4)
})

test('a fault that never answers ends when the caller gives up', async () => {
  await faults([{ does: { timeout: true, after: true } }])
  const call = fetch(`${simulator.url}/v25.0/${PHONE}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(textTo(SALMA)),
    signal: AbortSignal.timeout(200),
  })
  await expect(call).rejects.toThrow('timeout')
  expect(simulator.messages().count).toBe(1)
})

test('numbers, tokens and WABAs can be added for tests with many tenants', async () => {
  const made = await control(simulator, 'POST', '/numbers', {
    phoneNumberId: '77001',
    wabaId: '88001',
    token: 'EAAOne',
    displayPhoneNumber: '212500000001',
    throughput: 1000,
  })
  expect(made).toMatchObject({ status: 201, body: { phoneNumberId: '77001', wabaId: '88001', throughput: 1000 } })
  expect((await graph(simulator, 'POST', '/77001/messages', textTo(SALMA), 'EAAOne')).status).toBe(200)
  expect((await graph(simulator, 'POST', '/77001/messages', textTo(SALMA))).body.error?.code).toBe(200)
  await control(simulator, 'POST', '/numbers/77001', { state: 'unregistered' })
  expect((await graph(simulator, 'POST', '/77001/messages', textTo(SALMA), 'EAAOne')).body.error?.code).toBe(133010)
  const { body } = await control(simulator, 'GET', '/numbers')
  expect(body.data).toContainEqual(expect.objectContaining({ phoneNumberId: '77001', state: 'UNREGISTERED' }))
})

test('a token can be revoked or expire', async () => {
  await control(simulator, 'POST', '/tokens/revoke', { token: TOKEN, subcode: 458 })
  expect((await send(simulator, textTo(SALMA))).body.error).toMatchObject({ code: 190, error_subcode: 458 })
  await control(simulator, 'POST', '/reset')
  await control(simulator, 'POST', '/tokens/revoke', { token: TOKEN, expired: true })
  expect((await send(simulator, textTo(SALMA))).body.error).toMatchObject({ code: 190, error_subcode: 463 })
})

test('rules can be switched off, and unknown rules are refused', async () => {
  await control(simulator, 'POST', '/rules', { throughput: false, pair: false, window: false })
  const all = await Promise.all(Array.from({ length: 60 }, () => send(simulator, textTo('212661555555'))))
  expect(all.every(({ status }) => status === 200)).toBe(true)
  expect((await control(simulator, 'POST', '/rules', { gravity: false })).status).toBe(400)
})

test('a reset restores the demo world with its tokens', async () => {
  await control(simulator, 'POST', '/numbers', { phoneNumberId: '77001', token: 'EAAOne' })
  await control(simulator, 'POST', '/templates/welcome/review', { status: 'DISABLED' })
  await send(simulator, textTo(SALMA))
  await faults([{ times: null, does: { status: 500 } }])
  await control(simulator, 'POST', '/reset')
  expect((await send(simulator, templateTo(SALMA))).status).toBe(200)
  expect(simulator.messages().count).toBe(1)
  expect((await graph(simulator, 'GET', '/77001')).body.error?.code).toBe(100)
})

test('the window can be opened and closed without a message', async () => {
  const { body } = await control(simulator, 'POST', '/window', { phoneNumberId: PHONE, from: '212661555555', open: true })
  expect(Date.parse(body.windowUntil as string)).toBeGreaterThan(Date.now())
  expect(
    (await control(simulator, 'POST', '/window', { phoneNumberId: PHONE, from: SALMA, open: false })).body.windowUntil,
  ).toBeNull()
})

test('an unknown control path is 404', async () => {
  expect((await control(simulator, 'GET', '/nothing')).status).toBe(404)
})

test('the state file carries the world into the next run', async () => {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const folder = await mkdtemp('/tmp/linko-simulator-')
  const stateFile = `${folder}/state`
  await using first = await createSimulator({ stateFile })
  first.number({ phoneNumberId: '77001', token: 'EAAOne' })
  first.inbound({ phoneNumberId: PHONE, from: '212661555555', message: 'x' })
  await first.close()
  const second = await createSimulator({ stateFile })
  expect((await graph(second, 'GET', '/77001', undefined, 'EAAOne')).status).toBe(200)
  expect(second.sim.world.conversations.get(`${PHONE}:212661555555`)?.windowUntil).toBeGreaterThan(Date.now())
  await second.close()
  await rm(folder, { recursive: true })
})
