import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'amqplib'
import pino from 'pino'
import { expect } from 'vitest'
import type { DeliverySettings } from '#services/sender/subscriptions/deliver-events.ts'
import { newSubscriptionSecret, sealSecret } from '#shared/auth/subscription-secrets.ts'
import type { OutgoingEvent } from '#shared/contracts/event-subscriptions.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc, Id } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { ROOT } from '#shared/process/config.ts'
import { openEventExchange } from '#shared/queue/event-exchange.ts'
import { orderAgain, orderTest } from '#shared/store/subscriptions/deliveries.ts'
import { enabledNow, orderedReplay, rotatedSecrets } from '#shared/store/subscriptions/subscriptions.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'
import { answerWith, type Endpoint, startEndpoint, subscriptionsOf, take, verified } from '#test/support/worlds/subscriptions.ts'

/** Waits of a day in a few moments. */
const SOON: DeliverySettings = { delays: Array.from({ length: 50 }, () => 30), pauseScale: 0.01 }

async function open(world: World) {
  await using stack = new AsyncDisposableStack()
  const meta = stack.use(await startMeta())
  const w = stack.use(await openSenderWorld(world, meta.url))
  const opened = stack.move()
  return {
    ...w,
    ...subscriptionsOf(w),
    deliver: (endpoints: readonly Pick<Endpoint, 'origin'>[], settings: DeliverySettings = {}) =>
      w.startSender({ deliveries: { ...SOON, ...settings, origins: endpoints.map(({ origin }) => origin) } }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A queue of the operator behind the exchange, with everything that comes. */
async function bindQueue(url: string, exchange: string, key: string) {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, exchange, key)
  const events: OutgoingEvent[] = []
  await channel.consume(queue, message => void (message && events.push(JSON.parse(String(message.content)))), { noAck: true })
  return {
    events,
    async [Symbol.asyncDispose]() {
      await channel.deleteExchange(exchange)
      await connection.close()
    },
  }
}

/** The sender as it is started for real. */
async function startProcess(world: World, origins: readonly string[]): Promise<ChildProcess> {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    SENDER_PORT: '0',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    REDIS_URL: world.redisUrl,
    META_GRAPH_URL: 'http://127.0.0.1:9',
    TOKEN_ENCRYPTION_KEY: '11'.repeat(32),
    EVENT_PRIVATE_ORIGINS: origins.join(','),
  }
  const child = spawn(process.execPath, ['services/sender/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  await untilTrue(() => child.exitCode !== null || output.includes('sender started'), 180_000)
  return child
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill(signal)
  return (await exited)[0] as number | null
}

/** The events in the order in which they first arrived. */
const firstOf = (ids: readonly string[]) => [...new Set(ids)]
const ofConversation = (endpoint: Endpoint, conversation: Id) =>
  endpoint.received.filter(({ event }) => event.data.conversationId === String(conversation)).map(({ id }) => id)
const isIn = (state: EventDeliveryDoc['state'], rows: readonly EventDeliveryDoc[], count: number) =>
  rows.length === count && rows.every(row => row.state === state)

test('[beyond 19] an event is posted once, signed so that the package of the specification verifies it, and the log tells', async ({
  world,
}) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint()
  const subscription = await w.subscribe(endpoint.url, { types: ['message.received'] })
  await using _sender = await w.deliver([endpoint])
  const [conversation, other] = [newId(), await w.addTenant()]
  const [id] = await w.happen([conversation])
  await w.happen([conversation], { name: 'message:status' })
  await w.happen([conversation], { of: other })
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(subscription), 1))
  await untilTrue(async () => (await w.read(subscription)).position === 2)
  expect(endpoint.ids()).toEqual([id])
  const [received] = endpoint.received as [(typeof endpoint.received)[0]]
  const data = { conversationId: String(conversation), n: 1, text: 'سلام ✓' }
  expect(verified(subscription.secret, received)).toMatchObject({ id, type: 'message.received', seq: 1, data })
  expect(received.event.tenantId).toBe(String(w.tenantId))
  const [row] = await w.deliveries(subscription)
  expect(row?.attempts).toMatchObject([{ status: 204, problem: null }])
  // Noted after the delivery itself.
  await untilPasses(async () =>
    expect(await w.read(subscription)).toMatchObject({ failingSince: null, lastDeliveredAt: expect.any(Date) }),
  )
})

test('[beyond 19] an endpoint that fails gets each event again, under the same id, in the order of its conversation', async ({
  world,
}) => {
  await using w = await open(world)
  const [a, b] = [newId(), newId()]
  const failures = new Map<string, number>()
  await using endpoint = await startEndpoint((received, response, request) => {
    const isOfA = received.event.data.conversationId === String(a)
    const failed = failures.get(received.id) ?? 0
    failures.set(received.id, failed + 1)
    if (isOfA && failed < 2) answerWith(500)(received, response, request)
    else take(received, response, request)
  })
  const subscription = await w.subscribe(endpoint.url)
  const ids = await w.happen([a, b, a, b, a])
  await using _sender = await w.deliver([endpoint])
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(subscription), 5))
  const [a1, b1, a2, b2, a3] = ids as [string, string, string, string, string]
  expect(ofConversation(endpoint, a)).toEqual([a1, a1, a1, a2, a2, a2, a3, a3, a3])
  expect(ofConversation(endpoint, b)).toEqual([b1, b2])
  const bodies = endpoint.received.filter(({ id }) => id === a1).map(({ body }) => body)
  expect(new Set(bodies).size).toBe(1)
  for (const received of endpoint.received) verified(subscription.secret, received)
  expect((await w.deliveries(subscription))[0]?.attempts.map(({ status }) => status)).toEqual([500, 500, 204])
})

test('[beyond 19] a conversation that is refused holds back no other one', async ({ world }) => {
  await using w = await open(world)
  const [refused, fine] = [newId(), newId()]
  await using endpoint = await startEndpoint((received, ...more) =>
    (received.event.data.conversationId === String(refused) ? answerWith(422) : take)(received, ...more),
  )
  const subscription = await w.subscribe(endpoint.url)
  await w.happen([...Array.from({ length: 30 }, () => refused), fine, fine])
  await using _sender = await w.deliver([endpoint], { delays: [3_600_000] })
  await untilTrue(() => ofConversation(endpoint, fine).length === 2)
  await untilPasses(async () => {
    const rows = await w.deliveries(subscription)
    expect(rows.filter(({ state }) => state === 'DELIVERED')).toHaveLength(2)
    expect(rows[0]).toMatchObject({ state: 'PENDING', attempts: [{ status: 422, problem: 'answer', detail: 'no' }] })
  })
  expect(ofConversation(endpoint, refused)).toHaveLength(1)
})

const attemptsOf = (rows: readonly EventDeliveryDoc[]) =>
  rows.flatMap(({ attempts }) => attempts.map(({ status, problem }) => `${status} ${problem}`))

test('[beyond 19] an endpoint that hangs is given up, and the log says so', async ({ world }) => {
  await using w = await open(world)
  await using hangs = await startEndpoint(() => {})
  const subscription = await w.subscribe(hangs.url)
  await using _sender = await w.deliver([hangs], { delays: [10], timeoutMs: 200 })
  await w.happen([newId()])
  await untilTrue(async () => isIn('FAILED', await w.deliveries(subscription), 1))
  expect(attemptsOf(await w.deliveries(subscription))).toEqual(['null timeout', 'null timeout'])
})

test('[beyond 19] an endpoint that resets, redirects inwards or lies inside: the log says so, and nobody is led there', async ({
  world,
}) => {
  await using w = await open(world)
  await using inside = await startEndpoint()
  await using resets = await startEndpoint((_received, _response, request) => void request.socket.resetAndDestroy())
  await using redirects = await startEndpoint(answerWith(302, { location: 'http://169.254.169.254/latest/meta-data' }))
  await using leads = await startEndpoint(answerWith(307, { location: inside.url }))
  const known = [resets, redirects, leads]
  const urls = [...known, inside].map(({ url }) => url)
  const all: EventSubscriptionDoc[] = []
  for (const url of [...urls, 'https://169.254.169.254/latest/meta-data', 'https://localhost/linko'])
    all.push(await w.subscribe(url))
  await using _sender = await w.deliver(known, { delays: [10], timeoutMs: 600_000 })
  await w.happen([newId()])
  await untilTrue(async () => {
    const rows = await Promise.all(all.map(row => w.deliveries(row)))
    return rows.every(deliveries => isIn('FAILED', deliveries, 1))
  })
  expect(await Promise.all(all.map(async row => attemptsOf(await w.deliveries(row))))).toEqual([
    ['null connection', 'null connection'],
    ['302 redirect', '302 redirect'],
    ['307 redirect', '307 redirect'],
    ['null address', 'null address'],
    ['null address', 'null address'],
    ['null address', 'null address'],
  ])
  expect(inside.received).toEqual([])
})

test('[beyond 19] one tenant whose endpoint hangs delays no other, however much waits for it', async ({ world }) => {
  await using w = await open(world)
  const slow = await w.addTenant()
  await using hangs = await startEndpoint(() => {})
  await using endpoint = await startEndpoint()
  for (let i = 0; i < 3; i++) await w.subscribe(hangs.url, { tenantId: slow })
  const subscription = await w.subscribe(endpoint.url)
  await w.happen(
    Array.from({ length: 300 }, () => newId()),
    { of: slow },
  )
  await using _sender = await w.deliver([hangs, endpoint], { timeoutMs: 600_000 })
  await untilTrue(() => hangs.received.length >= 10)
  await w.happen(Array.from({ length: 50 }, () => newId()))
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(subscription), 50))
  // Of the other tenant, nothing was answered meanwhile, and it used no more calls than a tenant may.
  expect(hangs.received.length).toBeLessThanOrEqual(16)
})

test('[beyond 19] while a secret is replaced deliveries carry a signature by each', async ({ world }) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint()
  const subscription = await w.subscribe(endpoint.url)
  const second = newSubscriptionSecret()
  const fresh = sealSecret(w.keyring, subscription, { keyId: newId(), secret: second, createdAt: new Date() })
  await w.change(subscription, ({ secrets }) => ({ secrets: rotatedSecrets(secrets, fresh, 3_600_000, new Date()) }))
  await using _sender = await w.deliver([endpoint])
  await w.happen([newId()])
  await untilTrue(() => endpoint.received.length === 1)
  const [received] = endpoint.received as [(typeof endpoint.received)[0]]
  expect(received.headers['webhook-signature']?.split(' ')).toHaveLength(2)
  for (const secret of [subscription.secret, second])
    expect(verified(secret, received)).toMatchObject({ type: 'message.received' })
})

test('[beyond 19] what has failed for a day is switched off with notice, and goes on where it stopped', async ({ world }) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint(answerWith(503))
  const subscription = await w.subscribe(endpoint.url)
  const conversation = newId()
  const before = await w.happen([conversation, conversation])
  await using _sender = await w.deliver([endpoint], { disableAfterMs: 300 })
  await untilTrue(async () => (await w.read(subscription)).status === 'DISABLED')
  expect(await w.read(subscription)).toMatchObject({ disabledReason: 'failing', lastProblem: 'answer' })
  const [event] = await w.store.raw.events.find({ name: 'subscription:status' }).toArray()
  expect(event).toMatchObject({ tenantId: w.tenantId, payload: { status: 'disabled', reason: 'failing' } })
  const entry = await w.store.raw.auditLog.findOne({ action: 'subscriptions.disable' })
  expect(entry).toMatchObject({ tenantId: w.tenantId, actor: { kind: 'system' }, object: { id: String(subscription._id) } })
  endpoint.answer = take
  endpoint.received.length = 0
  const missed = await w.happen([conversation])
  await w.change(subscription, () => enabledNow(new Date()))
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(subscription), 3))
  expect(endpoint.ids()).toEqual([...before, ...missed])
})

test('[beyond 19] 410 switches off at once, and what waited goes on waiting', async ({ world }) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint(answerWith(410))
  const subscription = await w.subscribe(endpoint.url)
  await w.happen([newId()])
  await using _sender = await w.deliver([endpoint])
  await untilTrue(async () => (await w.read(subscription)).disabledReason === 'gone')
  expect(endpoint.received).toHaveLength(1)
  expect((await w.deliveries(subscription)).map(({ state }) => state)).toEqual(['PENDING'])
})

test('[peers 68] one event, the failed ones, and all of a time are delivered again under the same ids', async ({ world }) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint(answerWith(400))
  const subscription = await w.subscribe(endpoint.url)
  const [yesterday, now] = [new Date(Date.now() - 86_400_000), new Date()]
  const conversation = newId()
  const [old] = await w.happen([conversation], { at: yesterday })
  const ids = await w.happen([conversation, conversation], { at: now })
  await using _sender = await w.deliver([endpoint], { delays: [10] })
  await untilTrue(async () => isIn('FAILED', await w.deliveries(subscription), 3))
  const since = (count: number) => untilTrue(() => endpoint.received.length >= count)
  const again = async (work: () => Promise<unknown>, expected: string[]) => {
    endpoint.received.length = 0
    endpoint.answer = take
    await work()
    await since(expected.length)
    await untilTrue(async () => (await w.deliveries(subscription)).every(({ state }) => state !== 'PENDING'))
    expect(endpoint.ids()).toEqual(expected)
  }
  const [, second] = (await w.deliveries(subscription)) as [EventDeliveryDoc, EventDeliveryDoc]
  const which = { tenantId: w.tenantId, id: second._id, now: new Date() }
  await again(() => orderAgain(w.store, which, async () => undefined), [ids[0] as string])
  const range = { from: new Date(now.getTime() - 1000), to: new Date(now.getTime() + 1000) }
  const replay = (onlyFailed: boolean) => w.change(subscription, row => orderedReplay(row, { ...range, onlyFailed }, new Date()))
  await again(() => replay(true), [ids[1] as string])
  await untilTrue(async () => (await w.read(subscription)).replay === null)
  await w.store.raw.eventDeliveries.deleteOne({ eventId: ids[0] as string })
  await again(() => replay(false), ids)
  await untilTrue(async () => (await w.read(subscription)).replay === null)
  expect((await w.deliveries(subscription)).find(({ eventId }) => eventId === old)?.state).toBe('FAILED')
})

test('a test delivery is tried once, also of a subscription that is switched off', async ({ world }) => {
  await using w = await open(world)
  await using endpoint = await startEndpoint(answerWith(500))
  const subscription = await w.subscribe(endpoint.url)
  await w.change(subscription, () => ({ status: 'DISABLED', disabledReason: 'user' }))
  await using _sender = await w.deliver([endpoint])
  const order = async () => {
    const _id = newId()
    const about = { tenantId: w.tenantId, subscriptionId: subscription._id, eventId: `test:${_id}`, orderingKey: String(_id) }
    const state = { state: 'PENDING', isTest: true, seq: 0, attempts: [], tries: 0 } as const
    const event = { id: `test:${_id}`, type: 'subscription.test', data: {} }
    const row = { _id, ...about, ...state, type: 'subscription.test', at: new Date(), body: JSON.stringify(event) }
    await orderTest(w.store, subscription, row as unknown as EventDeliveryDoc, async () => undefined)
    await untilTrue(async () => (await w.store.raw.eventDeliveries.findOne({ _id }))?.state !== 'PENDING')
    return await w.store.raw.eventDeliveries.findOne({ _id })
  }
  expect(await order()).toMatchObject({ state: 'FAILED', attempts: [{ status: 500 }] })
  endpoint.answer = take
  expect(await order()).toMatchObject({ state: 'DELIVERED', attempts: [{ status: 204 }] })
  expect(firstOf(endpoint.ids())).toHaveLength(2)
  expect(await w.read(subscription)).toMatchObject({ status: 'DISABLED', failingSince: null })
})

test('[beyond 19] every event reaches the exchange of the operator in its tenant’s order, again after the broker was away', async ({
  world,
}) => {
  await using w = await open(world)
  const other = await w.addTenant()
  const [conversation, name] = [newId(), `operators.${newId()}`]
  await using proxy = await startProxy(world.rabbitmqUrl)
  await using exchange = await openEventExchange(proxy.url, { exchange: name, name: 'test', log: pino({ level: 'silent' }) })
  await untilTrue(() => exchange.isConnected())
  // Declares the exchange, so that a queue can be bound to it.
  await exchange.publish([])
  await using inbox = await bindQueue(world.rabbitmqUrl, name, `${w.tenantId}.message.*`)
  await using _sender = await w.startSender({ exchange })
  const first = await w.happen([conversation, conversation])
  await w.happen([conversation], { of: other })
  await untilTrue(() => inbox.events.length >= 2)
  proxy.cut()
  const second = await w.happen([conversation, conversation, conversation])
  await untilTrue(() => !exchange.isConnected())
  proxy.mend()
  await untilTrue(() => firstOf(inbox.events.map(({ id }) => id)).length >= 5)
  expect(firstOf(inbox.events.map(({ id }) => id))).toEqual([...first, ...second])
  expect(inbox.events[0]).toMatchObject({ type: 'message.received', tenantId: String(w.tenantId), seq: 1 })
})

test('[beyond 19] a sender that is killed in the middle loses no event: each comes at least once, under one id, in order', async ({
  world,
}) => {
  await using w = await open(world)
  const conversations = Array.from({ length: 12 }, () => newId())
  const held = { ready: false }
  // Half of the calls are under way when the process dies: their answers come when nobody waits for them any more.
  await using endpoint = await startEndpoint((received, response, request) => {
    if (endpoint.received.length > 40 && !held.ready) return
    take(received, response, request)
  })
  await using other = await startEndpoint()
  const [subscription, undisturbed] = [await w.subscribe(endpoint.url), await w.subscribe(other.url, { types: ['note.added'] })]
  const ids = await w.happen(Array.from({ length: 120 }, (_, i) => conversations[i % 12] as Id))
  const killed = await startProcess(world, [endpoint.origin, other.origin])
  await untilTrue(() => endpoint.received.length > 40)
  await end(killed, 'SIGKILL')
  held.ready = true
  const successor = await startProcess(world, [endpoint.origin, other.origin])
  await w.happen([newId()], { name: 'note:added' })
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(subscription), 121), 180_000)
  await untilTrue(async () => isIn('DELIVERED', await w.deliveries(undisturbed), 1))
  expect(new Set(endpoint.ids())).toEqual(new Set([...ids, `e:${w.tenantId}:121`]))
  // What was under way came again, under the same id and with the same body.
  expect(endpoint.received.length).toBeGreaterThan(121)
  const bodies = Map.groupBy(endpoint.received, ({ id }) => id)
  for (const [, copies] of bodies) expect(new Set(copies.map(({ body }) => body)).size).toBe(1)
  for (const conversation of conversations) {
    const expected = ids.filter((_, i) => conversations[i % 12] === conversation)
    expect(firstOf(ofConversation(endpoint, conversation))).toEqual(expected)
  }
  for (const received of endpoint.received) verified(subscription.secret, received)
  expect(await end(successor, 'SIGTERM')).toBe(0)
}, 400_000)
