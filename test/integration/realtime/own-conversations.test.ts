import type { Types } from 'mongoose'
import { expect, onTestFinished } from 'vitest'
import { endRevoked } from '#services/realtime/background/end-revoked.ts'
import { localSockets } from '#services/realtime/socket-types.ts'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import type { EventDoc, UserDoc } from '#shared/model/documents.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import type { Queue } from '#shared/queue/types.ts'
import { createRealtimeClient } from '#shared/realtime-client/client.ts'
import { forgetTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { untilPasses } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openQueue, openStore } from '#test/support/worlds/ingest.ts'
import { connectClient, startNode, tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

async function open(world: World, agentsSeeOwnOnly = true) {
  const store = await openStore(world)
  const queue = await openQueue(world)
  const [agent, manager] = await Promise.all([
    userByEmail(store, 'agent@whatsapp-saas.com'),
    userByEmail(store, 'manager@whatsapp-saas.com'),
  ])
  await restrict(store, agent, agentsSeeOwnOnly)
  const [own, other] = await store.raw.conversations.find({ tenantId: agent.tenantId }).limit(2).toArray()
  const [mine, theirs] = [own?._id, other?._id] as [Types.ObjectId, Types.ObjectId]
  await store.raw.conversations.updateMany({ tenantId: agent.tenantId }, { $set: { assignedTo: null } })
  await store.raw.conversations.updateOne({ _id: mine }, { $set: { assignedTo: { id: agent._id, name: agent.name } } })
  return { store, queue, agent, manager, mine, theirs }
}

async function restrict(store: Store, { tenantId }: UserDoc, agentsSeeOwnOnly: boolean) {
  await store.raw.tenants.updateOne({ _id: tenantId }, { $set: { 'settings.agentsSeeOwnOnly': agentsSeeOwnOnly } })
  forgetTenant(store, tenantId)
}

let count = 0
/** An event about a conversation: the row first, then the message, as any service does it. */
async function tell(
  store: Store,
  queue: Queue,
  { tenantId }: UserDoc,
  conversationId: Types.ObjectId,
  name: EventName,
  payload = {},
) {
  const at = new Date()
  const place = { tenantId, clientId: null, conversationId, userId: null }
  const own = { conversationId: String(conversationId), ...payload }
  const row: EventDoc = { _id: `own:${++count}`, ...place, name, at, payload: own, createdAt: at }
  await store.raw.events.insertOne(row)
  await Promise.all(eventMessages([row], null).map(message => queue.publish(message)))
}
const shown = (user: UserDoc | null) => user && { id: String(user._id), name: user.name }
const assignment = (to: UserDoc | null, from: UserDoc | null) => ({ assignedTo: shown(to), previouslyAssignedTo: shown(from) })
const names = ({ received }: { received: { name: string }[] }) =>
  received.map(({ name }) => name).filter(name => /^(message:received|conversation:|client:|events:)/.test(name))

test('[peers 56] an agent hears of the own conversations alone, and of a lost one once', async ({ world }) => {
  const { store, queue, agent, manager, mine, theirs } = await open(world)
  const node = await startNode(world, store)
  const [a, m] = await Promise.all([
    connectClient(node.url, await tokenOf(agent)),
    connectClient(node.url, await tokenOf(manager)),
  ])
  const say = (conversation: Types.ObjectId, name: EventName, payload = {}) =>
    tell(store, queue, agent, conversation, name, payload)
  await say(theirs, 'message:received')
  await say(mine, 'message:received')
  await say(theirs, 'message:received')
  await untilPasses(() => expect(m.named('message:received')).toHaveLength(3))
  await untilPasses(() => expect(names(a)).toEqual(['events:skipped', 'message:received']))
  expect(a.named('message:received')[0]).toMatchObject({ conversationId: String(mine), seq: 2 })
  const updated = { conversation: { id: String(mine), assignedTo: shown(manager) } }
  await store.raw.conversations.updateOne({ _id: mine }, { $set: { assignedTo: { id: manager._id, name: manager.name } } })
  await say(mine, 'conversation:updated', updated)
  await say(mine, 'conversation:assigned', assignment(manager, agent))
  await say(mine, 'message:received')
  await say(theirs, 'conversation:assigned', assignment(agent, null))
  await say(theirs, 'message:received')
  await untilPasses(() => expect(m.named('message:received')).toHaveLength(5))
  await untilPasses(() => expect(a.named('message:received')).toHaveLength(2))
  expect(a.named('conversation:updated')).toEqual([])
  expect(a.named('conversation:assigned').map(({ conversationId }) => conversationId)).toEqual([String(mine), String(theirs)])
  expect(a.named('message:received')[1]).toMatchObject({ conversationId: String(theirs) })
})

test('[peers 56] the client of such an agent misses nothing and asks for nothing', async ({ world }) => {
  const { store, queue, agent, mine, theirs } = await open(world)
  const node = await startNode(world, store)
  const [seqs, states]: [number[], string[]] = [[], []]
  const client = createRealtimeClient({
    url: node.url,
    token: () => tokenOf(agent),
    onEvent: (_, event) => seqs.push(event.seq),
    onState: state => states.push(state),
  })
  onTestFinished(() => client.close())
  await untilPasses(() => expect(client.state).toBe('live'))
  for (const conversation of [theirs, theirs, mine, theirs, mine])
    await tell(store, queue, agent, conversation, 'message:received')
  await untilPasses(() => expect(seqs).toEqual([3, 5]))
  client.socket.io.engine.close()
  for (const conversation of [theirs, mine, theirs]) await tell(store, queue, agent, conversation, 'message:received')
  await untilPasses(() => expect([client.state, client.seq]).toEqual(['live', 8]))
  expect(seqs).toEqual([3, 5, 7])
  await tell(store, queue, agent, theirs, 'message:received')
  await tell(store, queue, agent, mine, 'message:received')
  await untilPasses(() => expect(seqs).toEqual([3, 5, 7, 10]))
  expect(states.filter(state => state === 'syncing')).toHaveLength(1)
})

test('[peers 56] a conversation of others can be neither joined nor overheard', async ({ world }) => {
  const { store, agent, manager, mine, theirs } = await open(world)
  const node = await startNode(world, store)
  const [a, m] = await Promise.all([
    connectClient(node.url, await tokenOf(agent)),
    connectClient(node.url, await tokenOf(manager)),
  ])
  const ask = (who: typeof a, event: string, conversation: Types.ObjectId) =>
    who.socket.emitWithAck(event, { conversationId: String(conversation) })
  expect(await ask(a, 'conversation:join', theirs)).toEqual({ ok: false, errorCode: 'NOT_FOUND' })
  expect(await ask(a, 'typing:start', theirs)).toEqual({ ok: false, errorCode: 'NOT_FOUND' })
  expect((await ask(a, 'conversation:join', mine)).ok).toBe(true)
  expect((await ask(m, 'typing:start', theirs)).ok).toBe(true)
  expect((await ask(m, 'typing:start', mine)).ok).toBe(true)
  await untilPasses(() => expect(a.named('typing').map(({ conversationId }) => conversationId)).toEqual([String(mine)]))
})

test('[peers 56] a change of the setting moves the sockets of agents', async ({ world }) => {
  const { store, agent, manager } = await open(world, false)
  const node = await startNode(world, store)
  const [a, m] = await Promise.all([
    connectClient(node.url, await tokenOf(agent)),
    connectClient(node.url, await tokenOf(manager)),
  ])
  await endRevoked(store, localSockets(node.sockets.io))
  expect([a.socket.connected, m.socket.connected]).toEqual([true, true])
  await restrict(store, agent, true)
  await endRevoked(store, localSockets(node.sockets.io))
  await untilPasses(() => expect(a.named('session:ended')).toEqual([{ reason: 'moving' }]))
  expect(m.socket.connected).toBe(true)
})
