import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assignWaiting } from '#services/gateway/inbox/assign-waiting.ts'
import { finishLabels } from '#services/gateway/inbox/finish-labels.ts'
import { wakeSnoozed } from '#services/gateway/inbox/wake-snoozed.ts'
import { routes } from '#services/gateway/routes.ts'
import { answerByItself } from '#services/sender/background/answer-by-itself.ts'
import { can } from '#shared/auth/policy.ts'
import { NO_ASSIGNMENT } from '#shared/domain/inbox/assignment.ts'
import { presenceKey } from '#shared/limits/presence.ts'
import type { ConversationDoc, MessageDoc, UserDoc } from '#shared/model/documents.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { type Explained, explainAll } from '#test/support/explain.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

/** Rows of the same tenant that no statement is about. */
const OTHERS = 2000
const stack = new AsyncDisposableStack()
let gateway: Gateway
let agent: UserDoc
let commands: SentCommand[] = []

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  const { raw } = gateway.store
  agent = await userByEmail(gateway.store, PEOPLE.agent)
  const manager = await userByEmail(gateway.store, PEOPLE.manager)
  const { tenantId } = agent
  const conversation = (await raw.conversations.findOne({ tenantId })) as ConversationDoc
  const message = (await raw.messages.findOne({ tenantId })) as MessageDoc
  const assignedTo = { id: manager._id, name: manager.name }
  const copies = Array.from({ length: OTHERS }, (_, i) => ({
    ...conversation,
    _id: new Types.ObjectId(),
    contactId: new Types.ObjectId(),
    assignedTo,
    unreadCount: 0,
    waitingSince: null,
    lastActivityAt: new Date(Date.now() - i * 1000),
  }))
  await raw.conversations.insertMany(copies)
  const said = copies.map(({ _id, contactId }, i) => {
    const own = { _id: new Types.ObjectId(), conversationId: _id, contactId, wamid: `wamid.of.${i}`, seq: 1 }
    return { ...message, ...own, dispatch: null, campaignId: null }
  })
  await raw.messages.insertMany(said)
  const contact = await raw.contacts.findOne({ tenantId })
  const people = copies.map(({ contactId }, i) => ({
    ...contact,
    _id: contactId,
    waId: `2126700${i}`,
    userId: null,
    createdBy: null,
  }))
  await raw.contacts.insertMany(people as never[])
  await raw.conversations.updateOne({ _id: conversation._id }, { $set: { assignedTo: { id: agent._id, name: agent.name } } })
})
afterAll(() => stack.disposeAsync())

const isWasteful = ({ examined, found }: Explained) => examined > 3 * found + 30
const named = ({ what, examined, found, indexes }: Explained) => `${what}: examined ${examined} for ${found} by ${indexes}`

async function expectIndexed(least: number) {
  const explained = await explainAll(gateway.store, commands)
  expect(explained.length).toBeGreaterThan(least)
  expect(explained.filter(({ isScan, what }) => isScan && !what.includes(' tenants ')).map(named)).toEqual([])
  expect(explained.filter(isWasteful).map(named)).toEqual([])
}

test('[beyond 25] what an agent reads who sees the own conversations alone is read by indexes', {
  timeout: 300_000,
}, async () => {
  await gateway.call('PUT', '/api/v1/settings', { as: 'admin', body: { agentsSeeOwnOnly: true } })
  const own = await gateway.store.raw.conversations.findOne({ 'assignedTo.id': agent._id })
  const id = String(own?._id)
  const query: Record<string, string> = {
    '/api/v1/conversations': '?sort=waiting',
    '/api/v1/messages': '?status=READ',
    '/api/v1/templates/prices': `?conversationId=${id}`,
  }
  commands = []
  for (const { path } of routes.filter(({ method, action }) => method === 'get' && action !== null && can('agent', action)))
    await gateway.call(
      'GET',
      path.replace(/\{\w+\}/g, /contacts/.test(path) ? String(own?.contactId) : id) + (query[path] ?? ''),
      {
        as: 'agent',
      },
    )
  await gateway.call('GET', '/api/v1/conversations', { as: 'agent' })
  await expectIndexed(25)
})

test('[beyond 25] what the jobs of the inbox look for is found by indexes', { timeout: 240_000 }, async () => {
  const { store, redis, deps } = gateway
  const { tenantId } = agent
  const assignment = { ...NO_ASSIGNMENT, mode: 'least-busy', giveBackMinutes: 1 }
  await gateway.call('PUT', '/api/v1/settings', { as: 'admin', body: { assignment } })
  const row = JSON.stringify([String(agent._id), agent.name, 'node'])
  await redis.zadd(presenceKey(`linko:${store.connection.name}`, String(tenantId)), Date.now() + 60_000, row)
  const some = await store.raw.conversations.find({ tenantId }).limit(3).toArray()
  const [waiting, snoozed, due] = some.map(({ _id }) => ({ _id }))
  const past = new Date(Date.now() - 120_000)
  const open = { status: 'open' as const, snoozedUntil: null }
  await store.raw.conversations.updateOne(waiting ?? {}, { $set: { ...open, waitingSince: past, assignedTo: null } })
  await store.raw.conversations.updateOne(snoozed ?? {}, { $set: { snoozedUntil: past } })
  await store.raw.conversations.updateOne(due ?? {}, { $set: { automaticDue: { at: past, arrivedAt: past, isBeginning: true } } })
  const pending = { from: 'a', to: 'b' }
  await store.raw.labels.insertOne({ tenantId, name: 'b', color: '#000000', pending, deletedAt: null } as never)
  commands = []
  const now = () => new Date()
  const always = () => true
  expect(await assignWaiting({ store, redis, events: deps.events, log, now }, always)).toBe(1)
  expect(await wakeSnoozed({ store, events: deps.events, now }, always)).toBe(1)
  expect(await finishLabels({ store }, always)).toBe(1)
  const publishing = {
    enqueue: () => undefined,
    project: () => undefined,
    publish: async () => undefined,
    settled: async () => undefined,
  }
  expect(await answerByItself({ store, publishing, clock: { now } as never, log }, always)).toBe(1)
  await expectIndexed(12)
})
