import { Types } from 'mongoose'
import { beforeEach, describe, expect } from 'vitest'
import { assignWaiting } from '#services/gateway/inbox/assign-waiting.ts'
import { releaseLeft } from '#services/gateway/inbox/release-left.ts'
import { NO_ASSIGNMENT } from '#shared/domain/inbox/assignment.ts'
import { presenceKey } from '#shared/limits/presence.ts'
import type { ConversationDoc, UserDoc } from '#shared/model/documents.ts'
import { test } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const MINUTE_MS = 60_000
let started = 0
beforeEach(() => {
  started = Date.now()
})

/** A tenant with two agents, where nobody's customers wait yet. */
async function open(gateway: Gateway) {
  const first = await userByEmail(gateway.store, PEOPLE.agent)
  const second: UserDoc = { ...first, _id: new Types.ObjectId(), email: 'second@agents.test', name: 'Second' }
  await gateway.store.raw.users.insertOne(second)
  await gateway.store.raw.conversations.deleteMany({ tenantId: first.tenantId, messageCount: { $lt: 0 } })
  const row = (await gateway.store.raw.conversations.findOne({ tenantId: first.tenantId })) as ConversationDoc
  await gateway.store.raw.conversations.deleteMany({ tenantId: first.tenantId })
  return { first, second, row }
}

const settings = (gateway: Gateway, assignment: object) =>
  gateway.call('PUT', '/api/v1/settings', { as: 'admin', body: { assignment: { ...NO_ASSIGNMENT, ...assignment } } })

/** As the realtime nodes do while a user is connected. */
async function connect({ redis, store }: Gateway, ...users: UserDoc[]) {
  for (const { tenantId, _id, name } of users) {
    const key = presenceKey(`linko:${store.connection.name}`, String(tenantId))
    await redis.zadd(key, Date.now() + 10 * MINUTE_MS, JSON.stringify([String(_id), name, 'node']))
  }
}
const disconnect = ({ redis, store }: Gateway, { tenantId, _id, name }: UserDoc) =>
  redis.zrem(presenceKey(`linko:${store.connection.name}`, String(tenantId)), JSON.stringify([String(_id), name, 'node']))

/** Conversations whose customers wait, the first the longest. */
async function wait({ store }: Gateway, row: ConversationDoc, count: number, more: Partial<ConversationDoc> = {}) {
  const rows = Array.from({ length: count }, (_, i) => ({
    ...row,
    _id: new Types.ObjectId(),
    contactId: new Types.ObjectId(),
    status: 'open' as const,
    assignedTo: null,
    labels: [],
    waitingSince: new Date(started - (count - i) * MINUTE_MS),
    attendedAt: null,
    snoozedUntil: null,
    ...more,
  }))
  await store.raw.conversations.insertMany(rows)
  return rows.map(({ _id }) => _id)
}

const assign = ({ store, redis, deps: { events } }: Gateway, aheadMs = 0) =>
  assignWaiting({ store, redis, events, log, now: () => new Date(started + aheadMs) }, () => true)
const assignees = async ({ store }: Gateway, ids: Types.ObjectId[]) => {
  const rows = await store.raw.conversations.find({ _id: { $in: ids } }).toArray()
  return ids.map(id => rows.find(({ _id }) => _id.equals(id))?.assignedTo?.name ?? null)
}

describe('[peers 55] conversations whose customers wait', () => {
  test('go in turn to agents who are available and connected, and are told', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const ids = await wait(gateway, row, 4)
    await settings(gateway, { mode: 'round-robin' })
    expect(await assign(gateway)).toBe(0)
    await connect(gateway, first, second)
    expect(await assign(gateway)).toBe(4)
    const names = await assignees(gateway, ids)
    expect([names.filter(name => name === first.name).length, names.filter(name => name === second.name).length]).toEqual([2, 2])
    expect(names[0]).not.toBe(names[1])
    const events = await gateway.store.raw.events.find({ tenantId: first.tenantId, name: 'conversation:assigned' }).toArray()
    expect(events).toHaveLength(4)
    const [more] = await wait(gateway, row, 1)
    await gateway.store.raw.users.updateOne({ _id: second._id }, { $set: { availability: 'busy' } })
    await assign(gateway)
    expect(await assignees(gateway, [more as Types.ObjectId])).toEqual([first.name])
  })

  test('[beyond 21] the longest wait first, up to each agent’s capacity', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const ids = await wait(gateway, row, 5)
    const capacities = [{ agentId: String(second._id), capacity: 1 }]
    await settings(gateway, { mode: 'least-busy', capacity: 2, capacities })
    await connect(gateway, first, second)
    expect(await assign(gateway)).toBe(3)
    expect((await assignees(gateway, ids)).map(name => name !== null)).toEqual([true, true, true, false, false])
    expect(await assign(gateway)).toBe(0)
    await gateway.store.raw.conversations.updateOne({ _id: ids[0] as Types.ObjectId }, { $set: { status: 'closed' } })
    expect(await assign(gateway)).toBe(1)
  })

  test('by rules of label and number', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const vip = await wait(gateway, row, 2, { labels: ['vip'] })
    const others = await wait(gateway, row, 1, { clientId: new Types.ObjectId() })
    const rules = [
      { label: 'vip', clientId: null, agentIds: [String(second._id)] },
      { label: null, clientId: String(row.clientId), agentIds: [String(first._id)] },
    ]
    const put = await settings(gateway, { mode: 'round-robin', rules })
    expect([put.status, put.body.assignment.rules]).toEqual([200, rules])
    await connect(gateway, first, second)
    await assign(gateway)
    expect(await assignees(gateway, vip)).toEqual(['Second', 'Second'])
    expect(await assignees(gateway, others)).not.toEqual([null])
  })

  test('neither snoozed, closed nor answered ones, nor those of accounts that assign by hand', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, row } = await open(gateway)
    await connect(gateway, first)
    const snoozed = await wait(gateway, row, 1, { snoozedUntil: new Date(started + MINUTE_MS) })
    const closed = await wait(gateway, row, 1, { status: 'closed' })
    const answered = await wait(gateway, row, 1, { waitingSince: null })
    await settings(gateway, { mode: 'round-robin' })
    expect(await assign(gateway)).toBe(0)
    expect(await assignees(gateway, [...snoozed, ...closed, ...answered])).toEqual([null, null, null])
    await settings(gateway, { mode: 'off' })
    await wait(gateway, row, 1)
    expect(await assign(gateway)).toBe(0)
  })

  test('[beyond 21] are given back when their agent is offline, and go to another', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const assignedTo = { id: first._id, name: first.name }
    const [left] = await wait(gateway, row, 1, { assignedTo, waitingSince: new Date(started) })
    const answered = await wait(gateway, row, 1, { assignedTo, waitingSince: null })
    await settings(gateway, { mode: 'round-robin', giveBackMinutes: 5 })
    await connect(gateway, first, second)
    await assign(gateway, 6 * MINUTE_MS)
    expect(await assignees(gateway, [left as Types.ObjectId])).toEqual([first.name])
    await disconnect(gateway, first)
    await assign(gateway, 4 * MINUTE_MS)
    expect(await assignees(gateway, [left as Types.ObjectId])).toEqual([first.name])
    expect(await assign(gateway, 6 * MINUTE_MS)).toBe(2)
    expect(await assignees(gateway, [left as Types.ObjectId, ...answered])).toEqual(['Second', first.name])
  })

  test('of two gateways that assign at once one is first', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const ids = await wait(gateway, row, 6)
    await settings(gateway, { mode: 'round-robin' })
    await connect(gateway, first, second)
    const counts = await Promise.all([assign(gateway), assign(gateway)])
    expect(counts[0] + counts[1]).toBe(6)
    expect((await assignees(gateway, ids)).filter(name => name === null)).toEqual([])
    expect(await gateway.store.raw.events.countDocuments({ tenantId: first.tenantId, name: 'conversation:assigned' })).toBe(6)
  })
})

describe('[CV-23] a conversation that is assigned to `auto`', () => {
  const auto = async (gateway: Gateway, id: Types.ObjectId) => {
    const body = { assignedToId: 'auto' }
    const answer = await gateway.call('PUT', `/api/v1/conversations/${id}/assign`, { as: 'manager', body })
    return answer.body.assignedTo?.name ?? answer.body.errorCode
  }

  test('goes round the available agents, also where the account assigns by hand', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const ids = await wait(gateway, row, 5)
    const names: string[] = []
    for (const id of ids.slice(0, 4)) names.push(await auto(gateway, id))
    expect(new Set(names.slice(0, 2))).toEqual(new Set([first.name, second.name]))
    expect(names.slice(2)).toEqual(names.slice(0, 2))
    await gateway.store.raw.users.updateOne({ _id: second._id }, { $set: { availability: 'busy' } })
    expect(await auto(gateway, ids[4] as Types.ObjectId)).toBe(first.name)
    await gateway.store.raw.users.updateOne({ _id: first._id }, { $set: { availability: 'offline' } })
    expect(await auto(gateway, ids[4] as Types.ObjectId)).toBe('NO_AGENT')
  })

  test('keeps to the mode, the capacities and the rules of the account', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    await wait(gateway, row, 2, { assignedTo: { id: first._id, name: first.name } })
    const ids = await wait(gateway, row, 3)
    const [vip] = await wait(gateway, row, 1, { labels: ['vip'] })
    const rules = [{ label: 'vip', clientId: null, agentIds: [String(first._id)] }]
    await settings(gateway, { mode: 'least-busy', capacity: 3, rules })
    const names: string[] = []
    for (const id of ids) names.push(await auto(gateway, id))
    expect(names.toSorted()).toEqual([first.name, second.name, second.name].toSorted())
    expect(await auto(gateway, vip as Types.ObjectId)).toBe('NO_AGENT')
    await settings(gateway, { mode: 'least-busy', capacity: 4, rules })
    expect(await auto(gateway, vip as Types.ObjectId)).toBe(first.name)
  })
})

describe('[AU-09] conversations of a user who was disabled or deleted', () => {
  /** A round so long after the user was last changed, whatever the machine needed for it. */
  async function round({ store, deps: { events } }: Gateway, { _id }: UserDoc, afterMs = 0) {
    const user = await store.raw.users.findOne({ _id })
    const now = new Date((user?.updatedAt.getTime() ?? 0) + afterMs)
    return await releaseLeft({ store, events, log, now: () => now }, () => true)
  }

  /** One of each kind of a user's conversations. */
  async function belongings(gateway: Gateway, row: ConversationDoc, { _id: id, name }: UserDoc) {
    const assignedTo = { id, name }
    const kinds = [{}, { waitingSince: null }, { status: 'closed' as const }, { snoozedUntil: new Date(started + MINUTE_MS) }]
    return (await Promise.all(kinds.map(kind => wait(gateway, row, 1, { assignedTo, ...kind })))).flat()
  }

  test('become nobody’s, which is told and noted; those of others stay', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const [left, others] = [await belongings(gateway, row, first), await belongings(gateway, row, second)]
    const patch = (status: string) => gateway.call('PATCH', `/api/v1/users/${first._id}`, { as: 'admin', body: { status } })
    expect((await patch('disabled')).status).toBe(200)
    expect(await round(gateway, first)).toBe(4)
    expect(await assignees(gateway, left)).toEqual([null, null, null, null])
    expect(await assignees(gateway, others)).toEqual(Array(4).fill('Second'))

    const ids = left.map(String).toSorted()
    const told = await gateway.store.raw.events.find({ name: 'conversation:assigned' }).toArray()
    expect(told.map(({ conversationId }) => String(conversationId)).toSorted()).toEqual(ids)
    expect(told[0]?.payload).toMatchObject({ assignedTo: null, previouslyAssignedTo: { id: String(first._id) } })
    const noted = await gateway.store.raw.auditLog.find({ action: 'conversations.release' }).toArray()
    expect(noted.map(({ object }) => object.id).toSorted()).toEqual(ids)

    // One that was assigned by a request under way is found by a later round; then the user is settled, until disabled again.
    const [late] = await wait(gateway, row, 1, { assignedTo: { id: first._id, name: first.name } })
    expect(await round(gateway, first)).toBe(1)
    expect(await assignees(gateway, [late as Types.ObjectId])).toEqual([null])
    const releasedAt = async () => (await gateway.store.raw.users.findOne({ _id: first._id }))?.conversationsReleasedAt ?? null
    await round(gateway, first)
    expect(await releasedAt()).toBeNull()
    await round(gateway, first, MINUTE_MS)
    expect(await releasedAt()).not.toBeNull()
    await patch('active')
    const [mine] = await wait(gateway, row, 1, { assignedTo: { id: first._id, name: first.name } })
    expect(await round(gateway, first, MINUTE_MS)).toBe(0)
    await patch('disabled')
    expect(await round(gateway, first)).toBe(1)
    expect(await assignees(gateway, [mine as Types.ObjectId])).toEqual([null])
  })

  test('also of one who was deleted, and of one who left before this was done', async ({ world }) => {
    await using gateway = await openGateway(world)
    const { first, second, row } = await open(gateway)
    const left = [...(await belongings(gateway, row, first)), ...(await belongings(gateway, row, second))]
    expect((await gateway.call('DELETE', `/api/v1/users/${first._id}`, { as: 'admin' })).status).toBe(204)
    await gateway.store.raw.users.updateOne({ _id: second._id }, { $set: { status: 'disabled' } })
    expect(await round(gateway, first)).toBe(8)
    expect(await assignees(gateway, left)).toEqual(Array(8).fill(null))
  })
})
