import type { ServerResponse } from 'node:http'
import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { ConcurrencyLimiter } from '#services/sender/pacing/concurrency.ts'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { type RealtimeEvent, RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { resumeClient } from '#shared/store/numbers/clients.ts'
import { untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { test, type World } from '#test/support/world.ts'
import { startIngest } from '#test/support/worlds/ingest.ts'
import { accept, openSenderWorld, refuse, type SenderWorld, startMeta, TOKEN } from '#test/support/worlds/sender.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const NEW_TOKEN = 'EAAnewToken'
const COUNT = 200

const rows = (w: SenderWorld): Promise<MessageDoc[]> => w.store.raw.messages.find({ tenantId: w.tenantId }).toArray()
const countOf = (w: SenderWorld, filter: object) =>
  w.store.raw.messages.countDocuments({ tenantId: w.tenantId, ...filter }) as Promise<number>
const giveToken = (w: SenderWorld, token: string) =>
  w.store.raw.clients.updateOne(
    { _id: w.client._id, tenantId: w.tenantId },
    { $set: { accessToken: sealAccessToken(w.keyring, w.client, token) } },
  )
const resume = (w: SenderWorld) => resumeClient(w.store, { tenantId: w.tenantId, clientId: w.client._id })

/** Every event once. */
async function collectEvents(w: SenderWorld, stack: AsyncDisposableStack): Promise<RealtimeEvent[]> {
  const received: RealtimeEvent[] = []
  const take = async ({ content }: { content: Buffer }) => {
    const { events } = RealtimeEvents.parse(JSON.parse(content.toString()))
    // Nobody numbers them here: they are published again after five seconds.
    received.push(...events.filter(({ eventId }) => !received.some(known => known.eventId === eventId)))
    return { kind: 'done' as const }
  }
  for (const queue of QUEUES.realtime) stack.use(await w.queue.consume(queue, take, { prefetch: 50 }))
  return received
}

/** Attempts that were refused. */
const refusals = (messages: MessageDoc[]) =>
  messages.flatMap(({ timeline }) => timeline).filter(({ outcome }) => outcome === 'refused')

test('[F26] a token revoked in the middle of a run pauses the number at once; with a new one everything goes out, nothing twice', async ({
  world,
}) => {
  await using simulator = await createSimulator()
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  await using w = await openSenderWorld(world, simulator.url, { phoneNumberId, wabaId, throughput: 80 })
  await using stack = new AsyncDisposableStack()
  const received = await collectEvents(w, stack)
  let calls = 0
  const onCall = () => {
    if (++calls === COUNT / 4) simulator.refuseToken(TOKEN, { code: 190, subcode: 460 })
  }
  stack.use(await w.startSender({ onCall }))
  stack.use(await w.startSender({ onCall }))
  const messages = await Promise.all(Array.from({ length: COUNT }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  await untilTrue(async () => (await w.number()).status === 'paused')
  await untilTrue(async () => (await countOf(w, { status: 'QUEUED', 'dispatch.reason': { $ne: 'paused' } })) === 0)

  expect(await w.number()).toMatchObject({
    pauseReason: 'token',
    pauseCode: 190,
    statusReason: expect.stringContaining('password'),
    nextTokenCheckAt: null,
  })
  const refused = refusals(await rows(w))
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([190]))
  const sent = simulator.messages({ phoneNumberId }).data.length
  expect(sent).toBeLessThan(COUNT / 4)
  // A sender begins no call once it has heard the first refusal: refused is at most what was in flight then, in each of the two.
  expect(refused.length).toBeLessThanOrEqual(2 * new ConcurrencyLimiter(400).roomFor(phoneNumberId, 80))
  expect(await countOf(w, { status: 'SENT' })).toBe(sent)
  await untilTrue(() => received.some(({ name }) => name === 'client:status'))
  const banners = received.filter(({ name }) => name === 'client:status')
  expect(banners.map(({ payload }) => payload)).toEqual([{ clientId: String(w.client._id), status: 'paused', reason: 'token' }])
  expect(await countOf(w, { status: 'FAILED' })).toBe(0)

  simulator.token({ token: NEW_TOKEN, wabaIds: [wabaId] })
  await giveToken(w, NEW_TOKEN)
  await resume(w)
  await untilTrue(async () => (await countOf(w, { status: 'SENT' })) === COUNT)
  const posts = simulator.messages({ phoneNumberId }).data
  const ids = posts.map(({ body }) =>
    String((body as { biz_opaque_callback_data: string }).biz_opaque_callback_data.split(':')[2]),
  )
  expect(ids.toSorted()).toEqual(messages.map(({ _id }) => String(_id)).toSorted())
  expect((await w.number()).status).toBe('active')
  for (const row of await rows(w)) expect(row.timeline.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1)
}, 240_000)

test('a refusal of the old token that comes late does not pause a number that has a new one', async ({ world }) => {
  const waiting: ServerResponse[] = []
  await using meta = await startMeta((_post, response) => void waiting.push(response))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  await untilTrue(() => waiting.length === 1)
  await giveToken(w, NEW_TOKEN)
  meta.answer = accept
  const [response] = waiting as [ServerResponse]
  refuse(190, 401)(meta.posts[0] as never, response, null as never)
  await w.until(message, m => m.status === 'SENT')
  expect((await w.number()).status).toBe('active')
  expect(meta.posts).toHaveLength(2)
})

test('an account that is locked pauses each of its numbers, and no other number', async ({ world }) => {
  await using meta = await startMeta(refuse(131031, 403))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const sibling = await w.addNumber({ wabaId: w.client.wabaId })
  const other = await w.addNumber()
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.reason === 'paused')
  await untilTrue(async () => (await w.events('client:status')).length === 2)
  const clients = await w.store.raw.clients.find({ tenantId: w.tenantId }).toArray()
  const stateOf = (id: unknown) => {
    const { status, pauseReason = null } = clients.find(({ _id }) => _id.equals(id as string)) ?? {}
    return [status, pauseReason]
  }
  expect([w.client, sibling, other].map(({ _id }) => stateOf(_id))).toEqual([
    ['paused', 'account'],
    ['paused', 'account'],
    ['active', null],
  ])
})

test('too much spam holds the campaigns of a number, not its replies, and is announced once', async ({ world }) => {
  await using meta = await startMeta((post, ...rest) =>
    (post.body.biz_opaque_callback_data.includes(':b:') ? refuse(131048) : accept)(post, ...rest),
  )
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const campaign = [
    await w.sendOne({ dispatch: { priority: 'campaign' } }),
    await w.sendOne({ dispatch: { priority: 'campaign' } }),
  ]
  for (const message of campaign) await w.until(message, m => m.dispatch?.state === 'WAITING')
  const reply = await w.sendOne()
  await w.until(reply, m => m.status === 'SENT')
  await untilTrue(async () => (await w.events('client:status')).length === 1)
  expect((await w.events('client:status'))[0]?.payload).toMatchObject({ status: 'active', reason: 'campaigns-held' })
  expect(await w.number()).toMatchObject({ status: 'active', notices: [{ type: 'CAMPAIGNS_HELD' }] })
  expect((await w.redis.pttl((await w.redis.keys(`*h:campaign:${w.client.phoneNumberId}`))[0] as string)) / 1000).toBeGreaterThan(
    3000,
  )
})

test.for([
  [190, 'token', 401],
  [131031, 'account', 403],
  [368, 'account', 403],
  [131042, 'payment', 400],
  [133010, 'registration', 400],
] as const)(
  '%i pauses the number for its %s, says so, and after resume what waited flows in order',
  async ([code, reason, status], { world }) => {
    await using meta = await startMeta(refuse(code, status))
    await using w = await openSenderWorld(world, meta.url)
    await using _sender = await w.startSender()
    const conversation = await w.addConversation()
    const messages = [1, 2, 3].map(() => w.messageIn(conversation))
    await w.send(messages)
    await untilTrue(async () => (await countOf(w, { 'dispatch.reason': 'paused' })) > 0)
    await untilTrue(async () => (await w.number()).status === 'paused')
    expect(await w.number()).toMatchObject({
      pauseReason: reason,
      pauseCode: code,
      statusReason: expect.stringMatching(/\w+\. \w+/),
    })
    expect((await w.events('client:status')).map(({ payload }) => payload)).toEqual([
      { clientId: String(w.client._id), status: 'paused', reason },
    ])
    expect((await w.conversation(messages[0] as MessageDoc)).lastError).toMatchObject({ code, source: 'meta' })
    const [shown] = await w.events('conversation:updated')
    expect(shown?.payload).toMatchObject({ updates: { lastError: { code } }, conversation: { lastError: { code } } })
    const refused = meta.posts.length
    const late = await w.sendOne()
    await w.until(late, m => m.dispatch?.reason === 'paused')
    expect(meta.posts).toHaveLength(refused)

    meta.answer = accept
    await resume(w)
    await untilTrue(async () => (await countOf(w, { status: 'SENT' })) === 4)
    const order = meta.posts.slice(refused).map(({ body }) => body.biz_opaque_callback_data.split(':')[2])
    expect(order.filter(id => id !== String(late._id))).toEqual(messages.map(({ _id }) => String(_id)))
    expect((await w.events('client:status')).at(-1)?.payload).toMatchObject({ status: 'active', reason: null })
    await untilTrue(async () => (await w.conversation(messages[0] as MessageDoc)).lastError === null)
  },
)

async function failWebhook(world: World, w: SenderWorld) {
  const ingest = await startIngest(world)
  return async ({ _id, contactKey }: MessageDoc, code: number) => {
    const errors = [{ code, title: 'Title', error_data: { details: 'in detail' } }]
    const timestamp = String(Math.ceil(Date.now() / 1000))
    const report = { id: `wamid.of.${_id}`, status: 'failed', timestamp, recipient_id: contactKey, errors }
    const statuses = [{ ...report, biz_opaque_callback_data: `1:c:${_id}:1` }]
    const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: w.client.phoneNumberId }, statuses }
    await ingest.post(webhookOf(value))
  }
}

test('a payment problem that Meta reports by status pauses the account as a refusal does; after resume what waited flows', async ({
  world,
}) => {
  await using meta = await startMeta(() => undefined)
  await using w = await openSenderWorld(world, meta.url)
  const fail = await failWebhook(world, w)
  await using _sender = await w.startSender({ callTimeoutMs: 200, unknownDeadlineMs: 60_000 })
  const sibling = await w.addNumber({ wabaId: w.client.wabaId })
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
  meta.answer = accept
  await fail(message, 131042)
  await w.until(message, m => m.status === 'FAILED')
  expect(await w.number()).toMatchObject({ status: 'paused', pauseReason: 'payment', pauseCode: 131042 })
  expect(await w.store.raw.clients.findOne({ _id: sibling._id, tenantId: w.tenantId })).toMatchObject({ status: 'paused' })
  // A sender believes what it read of a number for a second: until then it may send one more.
  let waiting = message
  await untilTrue(async () => {
    waiting = await w.sendOne()
    return (await w.until(waiting, m => m.dispatch?.reason === 'paused' || m.status === 'SENT')).status === 'QUEUED'
  })
  const posts = meta.posts.length
  await resume(w)
  await w.until(waiting, m => m.status === 'SENT')
  expect(meta.posts).toHaveLength(posts + 1)
})

test('too much spam that Meta reports by status holds campaigns alone', async ({ world }) => {
  await using meta = await startMeta(() => undefined)
  await using w = await openSenderWorld(world, meta.url)
  const fail = await failWebhook(world, w)
  await using _sender = await w.startSender({ callTimeoutMs: 200, unknownDeadlineMs: 60_000 })
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
  meta.answer = accept
  await fail(message, 131048)
  await w.until(message, m => m.status === 'FAILED')
  const { campaignsHeldUntil } = await w.number()
  expect(campaignsHeldUntil?.getTime()).toBeGreaterThan(Date.now() + 3_000_000)
  await untilTrue(async () => {
    const campaign = await w.sendOne({ dispatch: { priority: 'campaign' } })
    const row = await w.until(campaign, m => m.dispatch?.state === 'WAITING' || m.status === 'SENT')
    return row.dispatch?.nextStepAt?.getTime() === campaignsHeldUntil?.getTime()
  })
  const reply = await w.sendOne()
  await w.until(reply, m => m.status === 'SENT')
})
