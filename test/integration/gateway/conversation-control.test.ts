import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DEMO_CONTACTS, DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const from = DEMO_CONTACTS[0]?.waId as string

const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let id: string

beforeAll(async () => {
  simulator = stack.use(await createSimulator())
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { META_GRAPH_URL: simulator.url }))
  id = String((await gateway.store.raw.conversations.findOne({ phoneNumberId, 'contact.waId': from }))?._id)
})
beforeEach(async () => {
  simulator.faults([])
  simulator.setNumber(phoneNumberId, { routing: 'escalation' })
  const other = { owner: 'other', role: 'ai_agent', at: new Date(Date.now() - 60_000) } as const
  await gateway.store.raw.conversations.updateOne({ phoneNumberId, 'contact.waId': from }, { $set: { threadOwner: other } })
  simulator.handOver({ phoneNumberId, from, owner: 'other' })
  await gateway.store.raw.auditLog.deleteMany({})
})
afterAll(() => stack.disposeAsync())

const change = (body: object, as: Person = 'agent'): Promise<Answer> =>
  gateway.call('PUT', `/api/v1/conversations/${id}/control`, { as, body })
const entries = async () => (await gateway.store.raw.auditLog.find().sort({ _id: 1 }).toArray()).map(({ action }) => action)

test('[peers B] an agent takes over a customer from another app, and hands them back to nobody or to Meta’s own agent', async () => {
  const taken = await change({ owner: 'platform' })
  expect([taken.status, taken.body.threadOwner]).toEqual([200, { owner: 'platform', role: null, since: expect.any(String) }])
  const released = await change({ owner: 'other' })
  expect(released.body.threadOwner).toMatchObject({ owner: 'other', role: null })
  await change({ owner: 'platform' })
  expect((await change({ owner: 'other', role: 'ai_agent' })).body.threadOwner).toMatchObject({
    owner: 'other',
    role: 'ai_agent',
  })
  expect(await entries()).toEqual(Array.from({ length: 4 }, () => 'conversations.threadOwner'))
  const event = await gateway.store.raw.events.findOne({ name: 'conversation:updated' }, { sort: { createdAt: -1 } })
  expect(event?.payload).toMatchObject({ conversationId: id, conversation: { threadOwner: { role: 'ai_agent' } } })
})

test('who is not the escalation partner is told what to do, and nothing changes', async () => {
  simulator.setNumber(phoneNumberId, { routing: 'owner' })
  const { status, body } = await change({ owner: 'platform' })
  expect([status, body.errorCode]).toEqual([409, 'THREAD_NOT_TAKEN'])
  expect(body.detail).toContain('Meta Business Suite')
  const conversation = await gateway.call('GET', `/api/v1/conversations/${id}`, { as: 'agent' })
  expect(conversation.body.threadOwner.owner).toBe('other')
  expect(await entries()).toEqual(['conversations.threadOwner', 'conversations.threadOwnerRefused'])
})

test('a customer who is not ours cannot be handed back', async () => {
  const { status, body } = await change({ owner: 'other' })
  expect([status, body.errorCode]).toEqual([422, 'THREAD_CONTROL_REFUSED'])
})

test('a role is for handing back alone', async () => {
  expect((await change({ owner: 'platform', role: 'ai_agent' })).status).toBe(400)
})
