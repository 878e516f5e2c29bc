import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { Json } from '#deploy/simulator/world/world.ts'
import { graph, idOf, PHONE, send, templateTo, textTo, WABA } from './testing/client.ts'
import { createReceiver, type Receiver } from './testing/receiver.ts'

const SALMA = '212661000101'
const STRANGER = '212661777888'
let receiver: Receiver
let simulator: Simulator

beforeEach(async () => {
  receiver = await createReceiver()
  simulator = await createSimulator({ webhookUrl: receiver.url })
  simulator.delivery({ sentMs: 1, deliveredMs: 2, readMs: 3 })
})
afterEach(async () => {
  await simulator.close()
  await receiver[Symbol.asyncDispose]()
})

const statusesOf = (id: string) => receiver.statuses().filter(status => status.id === id)
const fields = () => simulator.webhooks().data.map(({ field }) => field)

test('messages of a thread that somebody else owns come in standby, and only templates go out', async () => {
  simulator.setNumber(PHONE, { routing: 'owner' })
  simulator.handOver({ phoneNumberId: PHONE, from: SALMA, owner: 'other', metadata: 'Control taken via service message' })
  simulator.inbound({ phoneNumberId: PHONE, from: SALMA, message: 'Bonjour' })
  await simulator.idle()
  expect(fields()).toEqual(['messaging_handovers', 'standby'])
  expect((await send(simulator, textTo(SALMA))).body.error).toMatchObject({ code: 100 })
  expect((await send(simulator, templateTo(SALMA))).status).toBe(200)
  simulator.handOver({ phoneNumberId: PHONE, from: SALMA, owner: 'us' })
  expect((await send(simulator, textTo(SALMA))).status).toBe(200)
})

test('a service message of the escalation partner takes the thread', async () => {
  simulator.setNumber(PHONE, { routing: 'escalation' })
  simulator.handOver({ phoneNumberId: PHONE, from: SALMA, owner: 'other' })
  expect((await send(simulator, textTo(SALMA))).status).toBe(200)
  simulator.inbound({ phoneNumberId: PHONE, from: SALMA, message: 'Bonjour' })
  await simulator.idle()
  expect(fields()).toContain('messages')
  expect(fields()).not.toContain('standby')
})

test('a thread is passed and released by its owner only', async () => {
  const act = (action: string) =>
    graph(simulator, 'POST', `/${PHONE}/thread_control`, { messaging_product: 'whatsapp', to: `+${SALMA}`, action })
  simulator.setNumber(PHONE, { routing: 'owner' })
  expect((await act('pass')).body).toEqual({ messaging_product: 'whatsapp' })
  expect((await act('release')).body.error).toMatchObject({ code: 100 })
  expect((await act('take')).body.error).toMatchObject({ code: 100, error_subcode: 2_494_191 })
  simulator.setNumber(PHONE, { routing: 'escalation' })
  expect((await act('take')).status).toBe(200)
  expect((await act('release')).status).toBe(200)
})

test('a group is created, written to and suspended; its window is its own', async () => {
  const asked = await graph(simulator, 'POST', `/${PHONE}/groups`, { messaging_product: 'whatsapp', subject: 'Candidats' })
  expect(asked.body.request_id).toEqual(expect.any(String))
  const { id: to } = simulator.group({ phoneNumberId: PHONE, participants: [STRANGER] })
  const message = { type: 'text', text: { body: 'Bonjour' }, group_id: to }
  simulator.inbound({ phoneNumberId: PHONE, from: STRANGER, message })
  const body = { ...textTo(to), recipient_type: 'group' }
  const sent = await send(simulator, body)
  expect(sent.body.messages).toMatchObject([{ group_id: to }])
  const privately = idOf(await send(simulator, textTo(STRANGER)))
  await simulator.idle()
  expect(statusesOf(idOf(sent))).toMatchObject(Array(3).fill({ recipient_type: 'group', recipient_id: to }))
  expect(statusesOf(privately)).toMatchObject([{ errors: [{ code: 131047 }] }])
  const buttons = {
    type: 'interactive',
    interactive: { type: 'location_request_message', body: { text: 'a' }, action: { name: 'send_location' } },
  }
  expect((await send(simulator, { ...body, ...buttons, text: undefined })).body.error).toMatchObject({ code: 131051 })
  simulator.suspendGroup(to, true)
  expect((await send(simulator, body)).body.error).toMatchObject({ code: 131207 })
  expect((await send(simulator, { ...body, to: 'Y2FwaQ' })).body.error).toMatchObject({ code: 131041 })
})

test('Direct Send goes outside the window at the price of utility, where the account may', async () => {
  const body = textTo(STRANGER, { category: 'utility', ttl_seconds: 3600 })
  expect((await send(simulator, body)).body.error).toMatchObject({ code: 100 })
  simulator.setWaba(WABA, { directSend: 'ELIGIBLE' })
  const id = idOf(await send(simulator, body))
  await simulator.idle()
  expect(statusesOf(id)).toHaveLength(3)
  expect(statusesOf(id)).toMatchObject(Array(3).fill({ template_id: expect.any(String) }))
  expect(statusesOf(id).find(({ pricing }) => pricing)?.pricing).toMatchObject({ type: 'regular', category: 'utility' })
  const codeOf = async (members: Json) => (await send(simulator, textTo(STRANGER, members))).body.error?.code
  expect(await codeOf({ category: 'utility', ttl_seconds: 29 })).toBe(100)
  expect(await codeOf({ category: 'marketing' })).toBe(100)
  expect(await codeOf({ ttl_seconds: 3600 })).toBe(100)
  simulator.setWaba(WABA, { directSend: 'BLOCKED' })
  expect(await codeOf({ category: 'utility' })).toBe(139_200)
})

test('a call of a person opens the window, whether it was taken or not', async () => {
  const metadata = { display_phone_number: '212600111222', phone_number_id: PHONE }
  const call = { id: 'wacid.A', event: 'terminate', direction: 'USER_INITIATED', from: STRANGER, status: 'COMPLETED' }
  const value = { messaging_product: 'whatsapp', metadata, contacts: [{ wa_id: STRANGER }], calls: [call] }
  const entry = [{ id: WABA, changes: [{ field: 'calls', value }] }]
  simulator.webhook(JSON.stringify({ object: 'whatsapp_business_account', entry }))
  const missed = idOf(await send(simulator, textTo(STRANGER)))
  await simulator.idle()
  expect(statusesOf(missed).map(({ status }) => status)).toContain('delivered')
})

test('a blocked person is not written to', async () => {
  simulator.inbound({ phoneNumberId: PHONE, from: STRANGER, message: 'Bonjour' })
  const people = { messaging_product: 'whatsapp', block_users: [{ user: STRANGER }] }
  expect((await graph(simulator, 'POST', `/${PHONE}/block_users`, people)).status).toBe(200)
  expect((await send(simulator, textTo(STRANGER))).body.error).toMatchObject({ code: 130_403 })
  expect((await graph(simulator, 'DELETE', `/${PHONE}/block_users`, people)).status).toBe(200)
  expect((await send(simulator, textTo(STRANGER))).status).toBe(200)
})

test('a person calls: the beginning and the end come, and the window is open', async () => {
  const { id } = simulator.call({ phoneNumberId: PHONE, from: STRANGER, durationS: 30 })
  const missed = simulator.call({ phoneNumberId: PHONE, from: SALMA, outcome: 'missed' })
  await simulator.idle()
  const calls = receiver.received
    .flatMap(({ values }) => values.flatMap(({ calls = [] }) => calls as Json[]))
    .toSorted((a, b) => Number(a.timestamp) - Number(b.timestamp))
  expect(calls.filter(call => call.id === id)).toMatchObject([
    { event: 'connect', direction: 'USER_INITIATED', from: STRANGER },
    { event: 'terminate', status: 'COMPLETED', duration: 30 },
  ])
  expect(calls.filter(call => call.id === missed.id)).toMatchObject([
    { event: 'connect' },
    { event: 'terminate', status: 'FAILED' },
  ])
  expect((await send(simulator, textTo(STRANGER))).status).toBe(200)
  expect(() => simulator.call({ phoneNumberId: '1', from: SALMA })).toThrow('not a number')
})
