import { expect, onTestFinished } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { startSender } from '#services/sender/sender.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openGateway } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId } = DEMO_TENANTS.demo

/** Gateway, sender and the simulated Meta, and a conversation whose customer has just written. */
async function open(world: World) {
  const simulator = await createSimulator()
  const gateway = await openGateway(world)
  const { store, queue, redis, deps } = gateway
  const meta = createMetaClient({ baseUrl: simulator.url, version: 'v25.0' })
  const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix: `{${store.connection.name}}` })
  const sender = await startSender({ store, queue, meta, keyring, storage: deps.storage, log, limits })
  onTestFinished(async () => {
    await sender[Symbol.asyncDispose]()
    await meta[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
    await simulator.close()
  })
  const { id: wamid } = simulator.inbound({ phoneNumberId, from: '212661000101', message: 'Bonjour' }) as { id: string }
  const conversation = (await store.raw.conversations.findOne({ phoneNumberId })) as ConversationDoc
  const { tenantId, _id } = conversation
  await store.raw.conversations.updateOne(
    { _id, tenantId },
    { $set: { unreadCount: 1, lastInboundWamid: wamid, lastInboundAt: new Date() } },
  )
  await store.raw.messages.updateOne(
    { tenantId, conversationId: _id, direction: 'INBOUND' },
    { $set: { status: 'RECEIVED', wamid } },
  )
  const path = `/api/v1/conversations/${_id}`
  const reads = () => simulator.reads().data.map(({ messageId, typing }) => ({ messageId, typing }))
  const idle = () => untilTrue(async () => (await queue.check(QUEUES.receipts)).messageCount === 0)
  return { simulator, gateway, store, queue, conversation, wamid, path, reads, idle }
}

test('reading a conversation turns the ticks of the customer blue, once', async ({ world }) => {
  const w = await open(world)
  for (const _ of [1, 2]) expect((await w.gateway.call('PUT', `${w.path}/read`, { as: 'agent' })).status).toBe(200)
  await untilTrue(() => w.reads().length > 0)
  await w.idle()
  expect(w.reads()).toEqual([{ messageId: w.wamid, typing: false }])
})

test('typing is shown to the customer, once in a while', async ({ world }) => {
  const w = await open(world)
  const type = () => w.gateway.call('POST', `${w.path}/typing`, { as: 'agent' })
  for (const _ of [1, 2, 3]) expect(await type()).toMatchObject({ status: 202, body: { shown: true } })
  await untilTrue(() => w.reads().length > 0)
  await w.idle()
  expect(w.reads()).toEqual([{ messageId: w.wamid, typing: true }])
})

test('a tenant that sends no receipts shows neither', async ({ world }) => {
  const w = await open(world)
  await w.store.raw.tenants.updateOne({ _id: w.conversation.tenantId }, { $set: { 'settings.sendReadReceipts': false } })
  expect((await w.gateway.call('PUT', `${w.path}/read`, { as: 'agent' })).status).toBe(200)
  expect((await w.gateway.call('POST', `${w.path}/typing`, { as: 'agent' })).body).toEqual({ shown: false })
  await w.idle()
  expect(w.reads()).toEqual([])
})

test('a refused receipt is dropped; one without an answer is sent again', async ({ world }) => {
  const w = await open(world)
  w.simulator.faults([{ match: { path: '/messages' }, times: 1, effect: { code: 131009 } }])
  await w.gateway.call('POST', `${w.path}/typing`, { as: 'agent' })
  await untilTrue(() => w.simulator.listFaults().data[0]?.struck === 1)
  w.simulator.faults([{ match: { path: '/messages' }, times: 1, effect: { reset: true } }])
  await w.gateway.call('PUT', `${w.path}/read`, { as: 'agent' })
  await untilTrue(() => w.reads().length === 1)
  expect(w.reads()).toEqual([{ messageId: w.wamid, typing: false }])
  expect(await w.queue.check(QUEUES.dead)).toMatchObject({ messageCount: 0 })
  expect(await w.store.raw.clients.findOne({ phoneNumberId })).toMatchObject({ status: 'active' })
})

test('a paused number says nothing', async ({ world }) => {
  const w = await open(world)
  await w.store.raw.clients.updateOne({ phoneNumberId }, { $set: { status: 'paused', pauseReason: 'manual' } })
  await w.gateway.call('PUT', `${w.path}/read`, { as: 'agent' })
  await w.idle()
  expect(w.reads()).toEqual([])
})
