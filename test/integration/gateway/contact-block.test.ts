import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { reportBlocks } from '#services/ingest/background/blocks.ts'
import { startMetaBackground } from '#services/ingest/background.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { untilPasses } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const PHONE = '212661860001'

/** The gateway, a recorder, and Meta at `metaUrl`. */
async function open(world: World, metaUrl: string) {
  await using stack = new AsyncDisposableStack()
  const gateway = stack.use(await openGateway(world))
  const meta = stack.use(createMetaClient({ baseUrl: metaUrl, version: 'v25.0' }))
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  let count = 0
  const opened = stack.move()
  return {
    gateway,
    deps: { store: gateway.store, queue: gateway.queue, meta, keyring, log, now: () => new Date() },
    call: (method: string, path: string, body?: object, as: Person = 'manager') =>
      gateway.call(method, `/api/v1${path}`, { as, body }),
    record: (text: string) => recording([deliveryOf(inbound(++count, text), new Date())]),
    contact: async () => (await gateway.call('GET', `/api/v1/contacts?q=${PHONE}`, { as: 'agent' })).body.data[0],
    conversation: async () => (await gateway.call('GET', `/api/v1/conversations?q=${PHONE}`, { as: 'agent' })).body.data[0],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function inbound(n: number, body: string) {
  const message = {
    from: PHONE,
    id: `wamid.block.${n}`,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    text: { body },
  }
  const value = { metadata: { phone_number_id: phoneNumberId }, messages: [message] }
  return { entry: [{ id: wabaId, changes: [{ field: 'messages', value }] }] }
}

test('a blocked person is kept away by Meta, and here where Meta does not; nobody writes to them', async ({ world }) => {
  await using simulator = await createSimulator()
  await using w = await open(world, simulator.url)
  await w.record('Bonjour')
  const { id } = await w.contact()
  const { id: conversationId } = await w.conversation()
  expect((await w.call('POST', `/contacts/${id}/block`, undefined, 'agent')).status).toBe(403)
  const { status, body } = await w.call('POST', `/contacts/${id}/block`)
  expect([status, body.block]).toMatchObject([200, { state: 'PENDING', problem: null }])
  expect((await w.call('POST', '/messages/send', { conversationId, text: 'hello' })).body.errorCode).toBe('CONTACT_BLOCKED')

  expect((await w.call('GET', '/contacts?blocked=true')).body.data).toMatchObject([{ id }])

  // The simulated Meta has no message from this person: it refuses, and the request is repeated when they write.
  await reportBlocks(w.deps)
  expect((await w.contact()).block).toMatchObject({ state: 'REFUSED', problem: expect.any(String) })
  await w.record('Encore')
  expect(await w.conversation()).toMatchObject({ unreadCount: 1, messageCount: 2 })
  expect((await w.contact()).block).toMatchObject({ state: 'PENDING' })
  const blocked = () => [...(simulator.sim.world.numbers.get(phoneNumberId)?.blocked ?? [])]
  simulator.inbound({ phoneNumberId, from: PHONE, message: 'Encore' })
  await reportBlocks(w.deps)
  expect([(await w.contact()).block, blocked()]).toMatchObject([{ state: 'DONE', problem: null }, [PHONE]])

  expect((await w.call('DELETE', `/contacts/${id}/block`)).body.block).toBeNull()
  await reportBlocks(w.deps)
  expect(await w.gateway.store.raw.contacts.findOne({ waId: PHONE })).toMatchObject({ block: null })
  expect(blocked()).toEqual([])
  await w.record('Merci')
  expect(await w.conversation()).toMatchObject({ unreadCount: 2 })
  expect((await w.call('POST', '/messages/send', { conversationId, text: 'hello' })).status).toBe(202)
  const actions = await w.gateway.store.raw.auditLog.find({ 'object.id': id }).toArray()
  expect(actions.map(({ action }) => action)).toEqual(['contacts.block', 'contacts.unblock'])
})

test('a separate process sends blocks to Meta, and repeats them when Meta did not answer', async ({ world }) => {
  await using simulator = await createSimulator()
  await using w = await open(world, simulator.url)
  await w.record('Bonjour')
  const { id } = await w.contact()
  simulator.faults([{ match: { path: '/block_users' }, times: 1, effect: { reset: true } }])
  await w.call('POST', `/contacts/${id}/block`)
  await reportBlocks(w.deps)
  expect((await w.contact()).block).toMatchObject({ state: 'PENDING', problem: 'WhatsApp did not answer.' })
  await w.gateway.store.raw.contacts.updateOne({ waId: PHONE }, { $set: { 'block.nextAt': new Date() } })
  await using _worker = await startMetaBackground(w.deps)
  await untilPasses(async () => expect((await w.contact()).block.state).not.toBe('PENDING'))
})
