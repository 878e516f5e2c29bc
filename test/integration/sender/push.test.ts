import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { SenderOptions } from '#services/sender/sender.ts'
import { webPushKeys } from '#shared/auth/web-push.ts'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import type { ConversationDoc, Id, RefreshTokenDoc, UserDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { savePushSubscription } from '#shared/store/accounts/push-subscriptions.ts'
import { raiseCounters } from '#shared/store/events/sequence.ts'
import { startPushService } from '#test/support/push-service.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

const HOUR_MS = 3_600_000

async function open(world: World) {
  await using stack = new AsyncDisposableStack()
  const meta = stack.use(await startMeta())
  const w = stack.use(await openSenderWorld(world, meta.url))
  const service = stack.use(await startPushService())
  const { store, tenantId, keyring } = w
  const keyId = webPushKeys(keyring)[0]?.keyId as string
  let seq = 0
  const opened = stack.move()
  return {
    ...w,
    service,
    /** A session of a user in a browser that is told. */
    async browserOf(userId: Id, at: { subscribe: typeof service.subscribe } = service) {
      const sessionId = randomUUID()
      const expiresAt = new Date(Date.now() + HOUR_MS)
      await store.raw.refreshTokens.insertOne({
        ...{ _id: newId(), tenantId, userId, familyId: sessionId, tokenHash: sessionId, createdAt: new Date(), expiresAt },
        ...{ usedAt: null, revokedAt: null, userAgent: null },
      } as RefreshTokenDoc)
      const { endpoint, keys } = at.subscribe()
      await savePushSubscription(store, { tenantId, userId, sessionId }, { endpoint, ...keys, keyId, subject: null }, new Date())
      return {
        endpoint,
        end: () => store.raw.refreshTokens.updateOne({ tenantId, familyId: sessionId }, { $set: { revokedAt: new Date() } }),
      }
    },
    async user(role: UserDoc['role'] = 'agent'): Promise<Id> {
      const _id = newId()
      const user = {
        _id,
        tenantId,
        email: `${_id}@linko.test`,
        name: 'U',
        role,
        status: 'active',
        tokenVersion: 0,
        deletedAt: null,
      }
      await store.raw.users.insertOne(user as UserDoc)
      return _id
    },
    conversationOf: (userId: Id | null, name: string | null = 'Salma') =>
      w.addConversation({
        assignedTo: userId && { id: userId, name: 'U' },
        contact: { waId: '212', userId: null, phone: '212', name, username: null, optOut: false },
      }),
    /** Lets something happen, as the realtime service would number it. */
    async happen(name: EventName, { _id: conversationId }: ConversationDoc, payload: object, at = new Date()) {
      seq++
      const about = { clientId: null, conversationId, userId: null, createdAt: new Date(), seq }
      const whole = { conversationId: String(conversationId), ...payload }
      await store.raw.events.insertOne({ _id: `e:${tenantId}:${seq}`, tenantId, name, at, ...about, payload: whole })
      await raiseCounters(store, new Map([[String(tenantId), seq]]))
    },
    /** Resolves when everything that has happened was looked at. */
    untilLooked: () => untilTrue(async () => (await store.raw.counters.findOne({ _id: `push:${tenantId}` }))?.value === seq),
    tell: (options: SenderOptions = {}) => w.startSender({ ...options, deliveries: { origins: [service.origin] } }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const received = { message: { type: 'text' } }

test('who has the conversation is told, in each browser that asked for it, without the words of the customer', async ({
  world,
}) => {
  await using w = await open(world)
  const [ana, badr] = [await w.user(), await w.user()]
  const [phone, laptop] = [await w.browserOf(ana), await w.browserOf(ana)]
  await w.browserOf(badr)
  const conversation = await w.conversationOf(ana)
  await using _sender = await w.tell()
  await w.happen('message:received', conversation, { message: { type: 'text', text: 'my secret' } })
  await untilPasses(async () => expect(w.service.notified).toHaveLength(2))
  expect(new Set(w.service.notified.map(({ endpoint }) => endpoint))).toEqual(new Set([phone.endpoint, laptop.endpoint]))
  const [first] = w.service.notified
  expect(first?.told).toEqual({ v: 1, kind: 'message', conversationId: String(conversation._id), name: 'Salma' })
  expect(first?.headers).toMatchObject({ topic: String(conversation._id), urgency: 'high', 'content-encoding': 'aes128gcm' })
})

test('an assignment and a mention are told; what is old, and what happens to nobody’s conversation, is not', async ({
  world,
}) => {
  await using w = await open(world)
  const [ana, badr] = [await w.user(), await w.user('manager')]
  await w.browserOf(ana)
  await w.browserOf(badr)
  const [own, nobodys] = [await w.conversationOf(ana), await w.conversationOf(null)]
  await w.happen('message:received', own, received, new Date(Date.now() - HOUR_MS))
  await w.happen('message:received', nobodys, received)
  await w.happen('conversation:assigned', own, { assignedTo: { id: String(ana), name: null } })
  await w.happen('note:added', nobodys, { note: { createdBy: String(ana), mentions: [String(badr)] } })
  await using _sender = await w.tell()
  await w.untilLooked()
  await untilPasses(async () =>
    expect(w.service.notified.map(({ told: { kind, conversationId } }) => `${kind} ${conversationId}`).toSorted()).toEqual(
      [`assigned ${own._id}`, `mentioned ${nobodys._id}`].toSorted(),
    ),
  )
})

test('an agent who sees own conversations alone is told of no other', async ({ world }) => {
  await using w = await open(world)
  await w.setTenant({ agentsSeeOwnOnly: true })
  const [agent, manager] = [await w.user('agent'), await w.user('manager')]
  await w.browserOf(agent)
  const { endpoint } = await w.browserOf(manager)
  const other = await w.conversationOf(null)
  const note = { createdBy: String(newId()), mentions: [String(agent), String(manager)] }
  await w.happen('note:added', other, { note })
  await using _sender = await w.tell()
  await w.untilLooked()
  await untilPasses(async () => expect(w.service.notified.map(one => one.endpoint)).toEqual([endpoint]))
})

test('a session that has ended is told nothing, and its subscription is deleted', async ({ world }) => {
  await using w = await open(world)
  const ana = await w.user()
  const [phone, laptop] = [await w.browserOf(ana), await w.browserOf(ana)]
  await phone.end()
  const conversation = await w.conversationOf(ana)
  await using _sender = await w.tell()
  await w.happen('message:received', conversation, received)
  await untilPasses(async () => expect(w.service.notified.map(({ endpoint }) => endpoint)).toEqual([laptop.endpoint]))
  const kept = await w.store.raw.pushSubscriptions.find({ tenantId: w.tenantId }).toArray()
  expect(kept.map(({ endpoint }) => endpoint)).toEqual([laptop.endpoint])
})

test('a subscription that its push service has ended is deleted', async ({ world }) => {
  await using w = await open(world)
  const ana = await w.user()
  await w.browserOf(ana)
  w.service.status = 410
  const conversation = await w.conversationOf(ana)
  await using _sender = await w.tell()
  await w.happen('message:received', conversation, received)
  await untilTrue(async () => (await w.store.raw.pushSubscriptions.countDocuments({ tenantId: w.tenantId })) === 0)
  expect(w.service.notified).toHaveLength(1)
})

test('a push service that fails is left alone for a while, and the others are told', async ({ world }) => {
  await using w = await open(world)
  await using failing = await startPushService()
  failing.status = 503
  const ana = await w.user()
  await w.browserOf(ana)
  await w.browserOf(ana, failing)
  const conversation = await w.conversationOf(ana)
  await using _sender = await w.startSender({ deliveries: { origins: [w.service.origin, failing.origin] } })
  for (let told = 1; told <= 3; told++) {
    await w.happen('message:received', conversation, received)
    await untilPasses(async () => expect(w.service.notified).toHaveLength(told))
    await w.untilLooked()
  }
  expect(failing.notified).toHaveLength(1)
})
