import { Redis } from 'ioredis'
import { SignJWT } from 'jose'
import { expect, onTestFinished, vi } from 'vitest'
import { PROCESS_JOBS } from '#services/realtime/background.ts'
import { availabilityChannel } from '#shared/contracts/availability.ts'
import { revocationChannel } from '#shared/contracts/revocation.ts'
import { newId } from '#shared/model/ids.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'
import { untilPasses } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openQueue, openStore } from '#test/support/worlds/ingest.ts'
import { connectClient, publishEvent, startNode, tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

/** Leaves only what a revocation says: the check of every 5 s would close the sockets too, and hide that nothing else does. */
function withoutPeriodicCheck(): void {
  const job = PROCESS_JOBS.find(({ name }) => name === 'end revoked sessions')
  if (job === undefined) throw new Error('no job ends revoked sessions')
  const run = vi.spyOn(job, 'run').mockResolvedValue(undefined)
  onTestFinished(() => run.mockRestore())
}

async function open(world: World) {
  const store = await openStore(world)
  const agent = await userByEmail(store, 'agent@whatsapp-saas.com')
  const stranger = await userByEmail(store, 'other@whatsapp-saas.com')
  return { store, queue: await openQueue(world), agent, stranger }
}

test('an event reaches the sockets of its tenant on every node once, in order, and nobody else', async ({ world }) => {
  const { store, queue, agent, stranger } = await open(world)
  const [a, b] = await Promise.all([startNode(world, store), startNode(world, store)])
  const token = await tokenOf(agent)
  const clients = await Promise.all([connectClient(a.url, token), connectClient(b.url, token)])
  const outsider = await connectClient(a.url, await tokenOf(stranger))
  for (let i = 0; i < 20; i++) await publishEvent(store, queue, agent.tenantId, `event-${i}`)
  await publishEvent(store, queue, agent.tenantId, 'event-0')
  for (const client of clients) {
    await untilPasses(() => expect(client.named('client:status').length).toBeGreaterThanOrEqual(20))
    const distinct = [...new Map(client.named('client:status').map(event => [event.eventId, event.seq])).values()]
    expect(distinct).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  }
  expect(outsider.named('client:status')).toEqual([])
})

test('[8] when an event was numbered stands in its row, and when it was emitted in that of the newest, once a second', async ({
  world,
}) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const client = await connectClient(node.url, await tokenOf(agent))
  for (let i = 0; i < 3; i++) await publishEvent(store, queue, agent.tenantId, `noted-${i}`)
  await untilPasses(() => expect(client.named('client:status')).toHaveLength(3))
  await node.stop()
  const rows = await store.raw.events.find({ tenantId: agent.tenantId }).sort({ seq: 1 }).toArray()
  expect(rows.map(({ numberedAt }) => numberedAt)).toEqual([expect.any(Date), expect.any(Date), expect.any(Date)])
  expect(rows.at(-1)?.emittedAt).toEqual(expect.any(Date))
})

test('an inbound message is emitted under both of its names with one id', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const client = await connectClient(node.url, await tokenOf(agent))
  await publishEvent(store, queue, agent.tenantId, 'received', 'message:received')
  await untilPasses(() => expect(client.named('message:incoming')).toHaveLength(1))
  const [received] = client.named('message:received')
  const [incoming] = client.named('message:incoming')
  expect([received?.eventId, received?.seq]).toEqual([incoming?.eventId, incoming?.seq])
})

test('sync answers exactly what was missed, in order, and then everything is live again', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const token = await tokenOf(agent)
  const witness = await connectClient(node.url, token)
  for (let i = 0; i < 30; i++) await publishEvent(store, queue, agent.tenantId, `missed-${i}`)
  await untilPasses(() => expect(witness.named('client:status')).toHaveLength(30))
  const late = await connectClient(node.url, token)
  expect(await late.socket.emitWithAck('sync', { sinceSeq: 10 })).toEqual({ ok: true })
  await untilPasses(() => expect(late.named('sync:done')).toEqual([{ seq: 30 }]))
  expect(late.named('client:status').map(event => [event.seq, event.replay])).toEqual(
    Array.from({ length: 20 }, (_, i) => [i + 11, true]),
  )
  await publishEvent(store, queue, agent.tenantId, 'live')
  await untilPasses(() => expect(late.named('client:status').at(-1)).toMatchObject({ seq: 31, eventId: 'live' }))
})

test('a client that knows more, or less, than the log is asked to reload', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const client = await connectClient(node.url, await tokenOf(agent))
  for (let i = 0; i < 3; i++) await publishEvent(store, queue, agent.tenantId, `event-${i}`)
  await untilPasses(() => expect(client.named('client:status')).toHaveLength(3))
  await store.raw.events.deleteMany({ seq: 1 })
  await client.socket.emitWithAck('sync', { sinceSeq: 0 })
  await client.socket.emitWithAck('sync', { sinceSeq: 99 })
  expect(client.named('sync:reset')).toEqual([{ seq: 3 }, { seq: 3 }])
})

test('[F46] [F50] forged, expired, unsigned and missing tokens are refused', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub: String(agent._id), tid: String(agent.tenantId) }))}.`
  const other = await new SignJWT({ sub: String(agent._id) })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode('x'.repeat(40)))
  for (const token of [
    undefined,
    '',
    'nonsense',
    unsigned,
    other,
    await tokenOf(agent, -60_000),
    await tokenOf(agent, 60_000, 'y'.repeat(40)),
    { $ne: null },
  ])
    await expect(connectClient(node.url, token)).rejects.toThrow('UNAUTHENTICATED')
})

test('[F44] [F50] a foreign conversation cannot be joined nor typed in', async ({ world }) => {
  const { store, agent, stranger } = await open(world)
  const node = await startNode(world, store)
  const own = await store.raw.conversations.findOne({ tenantId: agent.tenantId })
  const conversationId = String(own?._id)
  const intruder = await connectClient(node.url, await tokenOf(stranger))
  expect(await intruder.socket.emitWithAck('conversation:join', { conversationId })).toEqual({
    ok: false,
    errorCode: 'NOT_FOUND',
  })
  expect(await intruder.socket.emitWithAck('typing:start', { conversationId })).toEqual({ ok: false, errorCode: 'NOT_FOUND' })
  const [one, two] = await Promise.all([
    connectClient(node.url, await tokenOf(agent)),
    connectClient(node.url, await tokenOf(await userByEmail(store, 'demo@whatsapp-saas.com'))),
  ])
  await one.socket.emitWithAck('conversation:join', { conversationId })
  const joined = await two.socket.emitWithAck('conversation:join', { conversationId })
  expect(joined.viewers.map((user: { id: string }) => user.id)).toContain(String(agent._id))
  expect(await one.socket.emitWithAck('typing:start', { conversationId })).toEqual({ ok: true })
  await untilPasses(() => expect(two.named('typing')).toHaveLength(1))
  expect(intruder.named('typing')).toEqual([])
})

test('a revoked token closes its sockets on every node at once', async ({ world }) => {
  withoutPeriodicCheck()
  const { store, agent } = await open(world)
  const nodes = await Promise.all([startNode(world, store), startNode(world, store)])
  const token = await tokenOf(agent)
  const clients = await Promise.all(nodes.map(node => connectClient(node.url, token)))
  await store.raw.users.updateOne({ _id: agent._id }, { $inc: { tokenVersion: 1 } })
  const redis = new Redis(world.redisUrl)
  onTestFinished(() => redis.disconnect())
  await redis.publish(
    revocationChannel(store.connection.name),
    JSON.stringify({ tenantId: String(agent.tenantId), userId: String(agent._id) }),
  )
  for (const client of clients)
    await untilPasses(() =>
      expect([client.socket.connected, client.named('session:ended')]).toEqual([false, [{ reason: 'revoked' }]]),
    )
})

test('[ON-23] the sockets of a tenant that is deactivated close at once, also where the tenant was read a moment ago', async ({
  world,
}) => {
  withoutPeriodicCheck()
  const { store, agent, stranger } = await open(world)
  const node = await startNode(world, store)
  const [client, other] = await Promise.all([agent, stranger].map(async user => connectClient(node.url, await tokenOf(user))))
  await store.raw.tenants.updateOne({ _id: agent.tenantId }, { $set: { status: 'deactivated' } })
  const redis = new Redis(world.redisUrl)
  onTestFinished(() => redis.disconnect())
  const hint = JSON.stringify({ tenantId: String(agent.tenantId), userId: null })
  await redis.publish(revocationChannel(store.connection.name), hint)
  await untilPasses(() => expect(client?.named('session:ended')).toEqual([{ reason: 'revoked' }]))
  expect(other?.socket.connected).toBe(true)
})

test('a tenant with many sockets is limited too, another tenant is not', async ({ world }) => {
  const { store, agent, stranger } = await open(world)
  const node = await startNode(world, store)
  const [token, other] = [await tokenOf(agent), await tokenOf(stranger)]
  const crowd = await Promise.all(Array.from({ length: 5 }, () => connectClient(node.url, token)))
  const foreigner = await connectClient(node.url, other)
  const asks = crowd.flatMap(({ socket }) => Array.from({ length: 20 }, () => socket.emitWithAck('sync', { sinceSeq: 0 })))
  const answers = await Promise.all(asks)
  expect(answers.some(({ errorCode }) => errorCode === 'RATE_LIMITED')).toBe(true)
  expect(await foreigner.socket.emitWithAck('sync', { sinceSeq: 0 })).toEqual({ ok: true })
})

test('[F50] a socket that asks too often is limited, others are not', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  const token = await tokenOf(agent)
  const [eager, calm] = await Promise.all([connectClient(node.url, token), connectClient(node.url, token)])
  const answers = await Promise.all(Array.from({ length: 100 }, () => eager.socket.emitWithAck('sync', { sinceSeq: 0 })))
  expect(answers.filter(answer => answer.errorCode === 'RATE_LIMITED').length).toBeGreaterThan(50)
  expect(await calm.socket.emitWithAck('sync', { sinceSeq: 0 })).toEqual({ ok: true })
})

test('when a node ends, the other takes its shards', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const [a, b] = [await startNode(world, store), await startNode(world, store)]
  const client = await connectClient(b.url, await tokenOf(agent))
  await publishEvent(store, queue, agent.tenantId, 'before')
  await untilPasses(() => expect(client.named('client:status')).toHaveLength(1))
  await a.stop()
  await publishEvent(store, queue, agent.tenantId, 'after')
  await untilPasses(() => expect(client.named('client:status').map(event => event.seq)).toEqual([1, 2]))
})

test('a client that names its last event gets the missed ones first, and nothing twice while events flow', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const [a, b] = await Promise.all([startNode(world, store), startNode(world, store)])
  const token = await tokenOf(agent)
  const witness = await connectClient(a.url, token)
  for (let i = 0; i < 50; i++) await publishEvent(store, queue, agent.tenantId, `before-${i}`)
  await untilPasses(() => expect(witness.named('client:status')).toHaveLength(50))
  const flow = (async () => {
    for (let i = 0; i < 200; i++) await publishEvent(store, queue, agent.tenantId, `flow-${i}`)
  })()
  const late = await connectClient(b.url, token, { sinceSeq: 20 })
  for (let i = 0; i < 5; i++) await connectClient(a.url, token, { sinceSeq: i })
  await flow
  await untilPasses(() => expect(witness.named('client:status')).toHaveLength(250))
  await untilPasses(() => expect(late.named('client:status').at(-1)?.seq).toBe(250))
  expect(late.named('client:status').map(event => event.seq)).toEqual(Array.from({ length: 230 }, (_, i) => i + 21))
  expect(late.received.slice(0, 2).map(({ name }) => name)).toEqual(['session:ready', 'client:status'])
})

test('colleagues see who takes new conversations, on every node and when they connect', async ({ world }) => {
  const { store, agent } = await open(world)
  const [one, other] = [await startNode(world, store), await startNode(world, store)]
  const token = await tokenOf(agent)
  const clients = [await connectClient(one.url, token), await connectClient(other.url, token)]
  const redis = new Redis(world.redisUrl)
  onTestFinished(() => redis.disconnect())
  await store.models.users.updateOne({ tenantId: agent.tenantId, _id: agent._id }, { $set: { availability: 'busy' } })
  const changed = { tenantId: String(agent.tenantId), userId: String(agent._id), name: agent.name, availability: 'busy' }
  await redis.publish(availabilityChannel(store.connection.name), JSON.stringify(changed))
  await redis.publish(availabilityChannel(store.connection.name), 'nonsense')
  await untilPasses(() => {
    for (const client of clients)
      expect(client.named('presence')).toContainEqual(expect.objectContaining({ status: 'availability', availability: 'busy' }))
  })
  const late = await connectClient(one.url, token)
  const { id, name, availability } = { ...changed, id: changed.userId }
  expect(late.named('session:ready')[0]?.online).toEqual([{ id, name, availability }])
})

test('a node reports that it gets nothing from the others', async ({ world }) => {
  const { store, agent } = await open(world)
  const proxy = await startProxy(world.redisUrl)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const node = await startNode({ ...world, redisUrl: proxy.url }, store)
  const client = await connectClient(node.url, await tokenOf(agent))
  proxy.cut()
  await untilPasses(() => expect(client.named('tick').at(-1)).toMatchObject({ stale: true }))
  proxy.mend()
  await untilPasses(() => expect(client.named('tick').at(-1)).toMatchObject({ stale: false }))
})

test('[F22] a node that RabbitMQ does not reach keeps its sockets and delivers everything afterwards', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const proxy = await startProxy(world.rabbitmqUrl)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const node = await startNode({ ...world, rabbitmqUrl: proxy.url }, store)
  const client = await connectClient(node.url, await tokenOf(agent))
  const seqs = () => client.named('client:status').map(event => event.seq)
  await publishEvent(store, queue, agent.tenantId, 'before')
  await untilPasses(() => expect(seqs()).toEqual([1]))
  proxy.cut()
  for (let i = 0; i < 20; i++) await publishEvent(store, queue, agent.tenantId, `cut-${i}`)
  expect(await client.socket.emitWithAck('sync', { sinceSeq: 1 })).toEqual({ ok: true })
  proxy.mend()
  await untilPasses(() => expect(seqs()).toEqual(Array.from({ length: 21 }, (_, i) => i + 1)))
})

test('long polling works where it is allowed', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store, ['polling'])
  const token = await tokenOf(agent)
  const client = await connectClient(node.url, token, {}, ['polling'])
  await publishEvent(store, queue, agent.tenantId, 'polled')
  await untilPasses(() => expect(client.named('client:status').map(event => event.seq)).toEqual([1]))
  const strict = await startNode(world, store)
  await expect(connectClient(strict.url, token, {}, ['polling'])).rejects.toThrow()
})

test('[F21] a node that Redis does not reach reads the log, and delivers nothing twice when it is back', async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const proxy = await startProxy(world.redisUrl)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const [near, far] = [await startNode(world, store), await startNode({ ...world, redisUrl: proxy.url }, store)]
  const token = await tokenOf(agent)
  const clients = [await connectClient(near.url, token), await connectClient(far.url, token)]
  const receive = (count: number) =>
    untilPasses(() => {
      for (const client of clients)
        expect(client.named('client:status').map(event => event.seq)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    })
  for (let i = 0; i < 5; i++) await publishEvent(store, queue, agent.tenantId, `joined-${i}`)
  await receive(5)
  proxy.cut()
  for (let i = 0; i < 5; i++) await publishEvent(store, queue, agent.tenantId, `cut-${i}`)
  await receive(10)
  proxy.mend()
  for (let i = 0; i < 5; i++) await publishEvent(store, queue, agent.tenantId, `healed-${i}`)
  await receive(15)
})

test('a client that does not read is cut, the others are not', { timeout: 240_000 }, async ({ world }) => {
  const { store, queue, agent } = await open(world)
  const node = await startNode(world, store)
  const token = await tokenOf(agent)
  const [stuck, fine] = [await connectClient(node.url, token), await connectClient(node.url, token)]
  const transport = stuck.socket.io.engine.transport as unknown as { ws: { pause(): void } }
  transport.ws.pause()
  const reason = 'x'.repeat(200_000)
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => publishEvent(store, queue, agent.tenantId, `large-${i}`, 'client:status', { reason })),
  )
  await untilPasses(() => expect(node.sockets.io.of('/').sockets.has(stuck.socket.id as string)).toBe(false))
  await untilPasses(() => expect(fine.named('client:status')).toHaveLength(60))
})

test('a user or tenant that is closed loses its sockets without anybody saying so', async ({ world }) => {
  const { store, agent, stranger } = await open(world)
  const node = await startNode(world, store)
  const clients = [await connectClient(node.url, await tokenOf(agent)), await connectClient(node.url, await tokenOf(stranger))]
  await store.raw.users.updateOne({ _id: agent._id }, { $set: { status: 'disabled' } })
  await store.raw.tenants.updateOne({ _id: stranger.tenantId }, { $set: { status: 'deactivated' } })
  for (const { socket } of clients) await untilPasses(() => expect(socket.connected).toBe(false))
})

test('[surprise 15] a platform admin keeps sockets though the own tenant is closed, as REST does', async ({ world }) => {
  const { store, stranger } = await open(world)
  const node = await startNode(world, store)
  const admin = { ...stranger, _id: newId(), email: 'root@example.com', role: 'platform_admin' as const }
  await store.raw.users.insertOne(admin)
  await store.raw.tenants.updateOne({ _id: stranger.tenantId }, { $set: { status: 'suspended' } })
  const client = await connectClient(node.url, await tokenOf(admin))
  expect(client.socket.connected).toBe(true)
  await expect(connectClient(node.url, await tokenOf(stranger))).rejects.toThrow()
})

test('a client that does not read holds up no stop', async ({ world }) => {
  const { store, agent } = await open(world)
  const node = await startNode(world, store)
  const stuck = await connectClient(node.url, await tokenOf(agent))
  const transport = stuck.socket.io.engine.transport as unknown as { ws: { pause(): void } }
  transport.ws.pause()
  await node.stop()
  expect(node.sockets.io.of('/').sockets.size).toBe(0)
})
