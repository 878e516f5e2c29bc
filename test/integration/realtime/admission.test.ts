import { Redis } from 'ioredis'
import { Manager } from 'socket.io-client'
import { expect, onTestFinished, vi } from 'vitest'
import { accountLockedChannel } from '#shared/contracts/account-locked.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openStore } from '#test/support/worlds/ingest.ts'
import { connectClient, startNode, tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

// Each test opens nodes of its own, some with hundreds of clients.
vi.setConfig({ testTimeout: 120_000 })

async function open(world: World) {
  const store = await openStore(world)
  const [agent, admin, manager, stranger] = await Promise.all(
    ['agent', 'demo', 'manager', 'other'].map(name => userByEmail(store, `${name}@whatsapp-saas.com`)),
  )
  if (!agent || !admin || !manager || !stranger) throw new Error('the demo world has changed')
  return { store, agent, admin, manager, stranger }
}

/** How many of sockets that come at the same moment were let in, and why the others were not. */
async function crowd(url: string, tokens: string[]) {
  const ends = await Promise.allSettled(tokens.map(token => connectClient(url, token)))
  const refusals = ends.flatMap(end => (end.status === 'rejected' ? [(end.reason as Error).message] : []))
  const clients = ends.flatMap(end => (end.status === 'fulfilled' ? [end.value] : []))
  return { clients, refusals: [...new Set(refusals)], refused: refusals.length }
}

/** A connection that says nothing about who it is. */
async function connectSilently(url: string): Promise<{ isOpen(): boolean }> {
  const manager = new Manager(url, { transports: ['websocket'], reconnection: false, autoConnect: false })
  let isOpen = false
  manager.on('close', () => {
    isOpen = false
  })
  onTestFinished(() => void manager.engine?.close())
  await new Promise<void>((resolve, reject) => manager.open(error => (error ? reject(error) : resolve())))
  isOpen = true
  return { isOpen: () => isOpen }
}

test('[F50] of 500 sockets of one user at the same moment 20 are let in, and a freed place is taken once', {
  timeout: 60_000,
}, async ({ world }) => {
  const { store, agent, stranger } = await open(world)
  const node = await startNode(world, store, ['websocket'], { perTenant: 1000 })
  const token = tokenOf(agent)
  const { clients, refusals, refused } = await crowd(node.url, new Array(500).fill(token))
  expect([clients.length, refused, refusals]).toEqual([20, 480, ['TOO_MANY_SOCKETS']])
  await connectClient(node.url, tokenOf(stranger))
  clients[0]?.socket.disconnect()
  await untilTrue(() => node.sockets.io.of('/').sockets.size === 20)
  const again = await crowd(node.url, new Array(10).fill(token))
  expect([again.clients.length, again.refusals]).toEqual([1, ['TOO_MANY_SOCKETS']])
})

test('[F50] the users of a tenant share its places, also at the same moment', async ({ world }) => {
  const { store, agent, admin, manager, stranger } = await open(world)
  const node = await startNode(world, store, ['websocket'], { perTenant: 10 })
  const tokens = [agent, admin, manager].flatMap(user => new Array<string>(10).fill(tokenOf(user)))
  const { clients, refusals } = await crowd(node.url, tokens)
  expect([clients.length, refusals]).toEqual([10, ['TOO_MANY_SOCKETS']])
  expect((await crowd(node.url, [tokenOf(stranger)])).clients).toHaveLength(1)
})

test('[F50] a connection that proves nothing is closed after its time, one that has proven itself stays', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store, ['websocket'], { unproven: { timeMs: 3000 } })
  const client = await connectClient(node.url, tokenOf(agent))
  const silent = await connectSilently(node.url)
  await untilTrue(() => !silent.isOpen())
  expect(client.socket.connected).toBe(true)
  expect(await client.socket.emitWithAck('sync', { sinceSeq: 0 })).toEqual({ ok: true })
})

test('[F50] of too many connections that prove nothing the oldest is closed, so that clients still get in', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store, ['websocket'], { unproven: { most: 5 } })
  const silent: { isOpen(): boolean }[] = []
  for (let i = 0; i < 5; i++) silent.push(await connectSilently(node.url))
  const client = await connectClient(node.url, tokenOf(agent))
  await untilTrue(() => silent[0]?.isOpen() === false)
  expect(silent.slice(1).every(({ isOpen }) => isOpen())).toBe(true)
  expect(client.socket.connected).toBe(true)
})

test('[F50] an event of 1 MB ends its socket, others are not affected', async ({ world }) => {
  const { store, agent, admin } = await open(world)
  const node = await startNode(world, store)
  const [loud, calm] = [await connectClient(node.url, tokenOf(agent)), await connectClient(node.url, tokenOf(admin))]
  loud.socket.emit('typing:start', { conversationId: 'x'.repeat(1_000_000) })
  await untilTrue(() => !loud.socket.connected)
  expect(await calm.socket.emitWithAck('sync', { sinceSeq: 0 })).toEqual({ ok: true })
})

test('[F50] a flood of 10,000 events ends its session, others are not affected', async ({ world }) => {
  const { store, agent, admin } = await open(world)
  const node = await startNode(world, store)
  const [loud, calm] = [await connectClient(node.url, tokenOf(agent)), await connectClient(node.url, tokenOf(admin))]
  const own = await store.raw.conversations.findOne({ tenantId: agent.tenantId })
  const conversationId = String(own?._id)
  for (let i = 0; i < 10_000; i++) loud.socket.emit('typing:start', { conversationId })
  await untilTrue(() => !loud.socket.connected)
  expect(loud.named('session:ended')).toEqual([{ reason: 'flood' }])
  expect(await calm.socket.emitWithAck('sync', { sinceSeq: 0 })).toEqual({ ok: true })
})

test('[F50] a token that expires ends its session', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  const client = await connectClient(node.url, tokenOf(agent, 4000))
  await untilPasses(() =>
    expect([client.socket.connected, client.named('session:ended')]).toEqual([false, [{ reason: 'expired' }]]),
  )
})

test('[F48] the owner and the admins hear that an account was locked, nobody else', async ({ world }) => {
  const { store, agent, admin, manager, stranger } = await open(world)
  const nodes = await Promise.all([startNode(world, store), startNode(world, store)])
  const connect = async (user: typeof agent, node: 0 | 1) => await connectClient(nodes[node].url, tokenOf(user))
  const told = [await connect(agent, 0), await connect(agent, 1), await connect(admin, 1)]
  const others = [await connect(manager, 0), await connect(stranger, 1)]
  const redis = new Redis(world.redisUrl)
  onTestFinished(() => redis.disconnect())
  const [at, until] = ['2026-05-01T10:00:00.000Z', '2026-05-01T10:15:00.000Z']
  const [tenantId, userId] = [String(agent.tenantId), String(agent._id)]
  const notice = { tenantId, userId, name: agent.name, scope: 'account', at, until }
  await redis.publish(accountLockedChannel(store.connection.name), 'nonsense')
  await redis.publish(accountLockedChannel(store.connection.name), JSON.stringify(notice))
  const shown = { userId, user: { id: userId, name: agent.name }, scope: 'account', at, until }
  for (const client of told) await untilPasses(() => expect(client.named('account:locked')).toEqual([shown]))
  for (const client of others) expect(client.named('account:locked')).toEqual([])
})

test('the name and the address of a user come from the store, not from the token', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  await store.raw.users.updateOne({ _id: agent._id }, { $set: { name: 'Ana Renamed' } })
  const client = await connectClient(node.url, tokenOf(agent))
  expect(client.named('session:ready')[0]?.user).toMatchObject({ name: 'Ana Renamed', email: agent.email })
})
