import { Types } from 'mongoose'
import { expect } from 'vitest'
import { QUEUES } from '#shared/queue/topology.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { accept, openSenderWorld, refuse, startMeta, TOKEN } from '#test/support/worlds/sender.ts'

test('[F23] a temporary failure is tried again after its wait, and the timeline shows both attempts', async ({ world }) => {
  await using meta = await startMeta(refuse(131000, 500))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  const waiting = await w.until(message, m => m.dispatch?.state === 'WAITING')
  expect(waiting.dispatch).toMatchObject({ reason: 'retry', attempt: 1 })
  const delayMs = (waiting.dispatch?.nextStepAt?.getTime() ?? 0) - (waiting.timeline.at(-1)?.at.getTime() ?? 0)
  expect(delayMs).toBeGreaterThanOrEqual(800)
  expect(delayMs).toBeLessThanOrEqual(1200)
  meta.answer = accept
  const row = await w.until(message, m => m.status === 'SENT')
  expect(row.timeline.filter(e => e.kind === 'attempt').map(e => [e.attempt, e.outcome, e.code])).toEqual([
    [1, 'refused', 131000],
    [2, 'accepted', undefined],
  ])
})

test('the third failure of an unknown code is final', async ({ world }) => {
  await using meta = await startMeta(refuse(1))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne({ dispatch: { attempt: 2 } })
  const row = await w.until(message, m => m.status === 'FAILED')
  expect(row.error).toMatchObject({ code: 1, source: 'meta' })
  expect(meta.posts).toHaveLength(1)
  // A message that WhatsApp refuses is its sender's matter: the pipeline has done its work.
  expect((await w.queue.check(QUEUES.dead)).messageCount).toBe(0)
})

test("[F23] a rate limit of Meta's uses up no attempt, halves the number's rate and ends in SENT", async ({ world }) => {
  await using meta = await startMeta(refuse(130429))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne({ dispatch: { attempt: 5 } })
  const waiting = await w.until(message, m => m.timeline.some(e => e.kind === 'attempt'))
  expect(waiting.dispatch).toMatchObject({ state: 'WAITING', reason: 'rate', attempt: 5 })
  meta.answer = accept
  await w.until(message, m => m.status === 'SENT')
  const keys = await w.redis.keys(`*slow:${w.client.phoneNumberId}`)
  expect(keys).toHaveLength(1)
})

test('[F23] the pair limit holds its pair alone', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const slow = await w.addConversation()
  meta.answer = (post, ...rest) => (post.to === `+${slow.contact.waId}` ? refuse(131056) : accept)(post, ...rest)
  const held = await w.sendOne({}, slow)
  await w.until(held, m => m.dispatch?.reason === 'pair')
  const other = await w.sendOne()
  await w.until(other, m => m.status === 'SENT')
  meta.answer = accept
  const row = await w.until(held, m => m.status === 'SENT')
  expect(row.timeline.filter(e => e.kind === 'attempt').map(e => e.attempt)).toEqual([1, 1])
})

test('[F26] 190 pauses the number and all that use its token, rows wait, others go on, resume continues in order', async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const sibling = await w.addNumber()
  const stranger = await w.addNumber({ accessToken: null, status: 'active' })
  await w.store.raw.clients.updateOne({ _id: stranger._id, tenantId: w.tenantId }, { $set: { status: 'paused' } })
  meta.answer = refuse(190, 401)
  const conversation = await w.addConversation()
  const messages = Array.from({ length: 4 }, () => w.messageIn(conversation))
  const first = messages[0] as (typeof messages)[0]
  await w.send(messages)
  await w.until(first, m => m.dispatch?.reason === 'paused')
  await untilTrue(async () => (await w.number()).status === 'paused')
  expect(await w.number()).toMatchObject({ pauseReason: 'token', statusReason: expect.stringContaining('token') })
  expect((await w.store.raw.clients.findOne({ _id: sibling._id, tenantId: w.tenantId }))?.status).toBe('paused')
  expect(await w.events('client:status')).toHaveLength(2)
  expect((await w.get(first)).dispatch).toMatchObject({ state: 'WAITING', nextStepAt: null, attempt: 0 })
  const posts = meta.posts.length
  const later = await w.sendOne()
  await w.until(later, m => m.dispatch?.reason === 'paused')
  expect(meta.posts).toHaveLength(posts)

  meta.answer = accept
  await w.store.raw.clients.updateOne(
    { _id: w.client._id, tenantId: w.tenantId },
    { $set: { status: 'active', pauseReason: null } },
  )
  await w.until(later, m => m.status === 'SENT')
  for (const message of messages) await w.until(message, m => m.status === 'SENT')
  const order = meta.posts.slice(posts).map(post => post.body.biz_opaque_callback_data.split(':')[2])
  expect(order.filter(id => messages.some(m => String(m._id) === id))).toEqual(messages.map(m => String(m._id)))
})

test('a token that no key opens pauses the number instead of failing its messages', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { accessToken: 'v1:other:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:AAAA' })
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.reason === 'paused')
  await untilTrue(async () => (await w.number()).status === 'paused')
  expect((await w.number()).pauseReason).toBe('token')
  expect(meta.posts).toEqual([])
})

test('no answer leaves the outcome unknown; a status that comes in time settles it, and nothing is posted again', async ({
  world,
}) => {
  await using meta = await startMeta(() => {})
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender({ callTimeoutMs: 300, unknownDeadlineMs: 60_000 })
  const message = await w.sendOne()
  const row = await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
  expect(row.dispatch).toMatchObject({ attempt: 1, reason: 'unknown', deadlineAt: expect.any(Date) })
  expect(row.timeline.at(-1)).toMatchObject({ outcome: 'unknown', attempt: 1 })
  expect(row.status).toBe('QUEUED')
  await w.store.raw.messages.updateOne(
    { _id: message._id, tenantId: w.tenantId },
    { $set: { status: 'SENT', wamid: 'wamid.late', dispatch: null } },
  )
  await w.enqueue(message)
  const next = await w.sendOne()
  meta.answer = accept
  await w.until(next, m => m.dispatch?.state === 'UNKNOWN' || m.status === 'SENT')
  expect(meta.posts.filter(post => post.to === `+${message.contactKey}`)).toHaveLength(1)
})

test("an unknown outcome fails at its deadline by the tenant's policy, provisionally", async ({ world }) => {
  await using meta = await startMeta((_post, response) => void response.end('<html>fine</html>'))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender({ unknownDeadlineMs: 300 })
  const message = await w.sendOne()
  const row = await w.until(message, m => m.status === 'FAILED')
  expect(row.error).toMatchObject({ source: 'platform', code: null, title: 'Outcome unknown' })
  expect(row.timeline.map(e => e.kind)).toEqual(['accepted', 'attempt', 'waited', 'note'])
  expect(meta.posts).toHaveLength(1)
  expect((await w.conversation(message)).lastMessage?.status).toBe('FAILED')
  expect(await w.events('message:status')).toHaveLength(1)
})

test('[F5] with the policy `retry` it is sent once more and not a third time', async ({ world }) => {
  await using meta = await startMeta((_post, _response, request) => request.socket.resetAndDestroy())
  await using w = await openSenderWorld(world, meta.url)
  await w.setTenant({ unknownOutcome: 'retry' })
  await using _sender = await w.startSender({ unknownDeadlineMs: 300 })
  const message = await w.sendOne()
  const row = await w.until(message, m => m.status === 'FAILED')
  expect(meta.posts.map(post => post.body.biz_opaque_callback_data)).toEqual([`1:c:${message._id}:1`, `1:c:${message._id}:2`])
  expect(row.timeline.filter(e => e.kind === 'note').map(e => e.detail)).toEqual([
    expect.stringContaining('once more'),
    'WhatsApp did not report whether it accepted this attempt.',
  ])
})

test('what never left us is tried again and counts as no attempt', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, 'http://127.0.0.1:9')
  const message = await w.sendOne()
  {
    await using _cut = await w.startSender()
    const row = await w.until(message, m => m.timeline.some(e => e.outcome === 'unsent'))
    expect(row.dispatch).toMatchObject({ state: 'WAITING', reason: 'retry', attempt: 0 })
  }
  await using _sender = await w.startSender({ metaUrl: meta.url })
  await w.until(message, m => m.status === 'SENT')
  expect(meta.posts.map(post => post.body.biz_opaque_callback_data)).toEqual([`1:c:${message._id}:1`])
})

test('[F4] a sender that died between take and call leaves an unknown outcome, never a second post', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation()
  const take = { state: 'TAKEN', attempt: 1, token: 'dead-1', owner: 'dead', leaseUntil: new Date(Date.now() + 60_000) } as const
  const dead = w.messageIn(conversation, { dispatch: take })
  const next = w.messageIn(conversation)
  await w.insert([dead, next])
  await using _sender = await w.startSender({ unknownDeadlineMs: 2000 })
  const unknown = await w.until(dead, m => m.dispatch?.state === 'UNKNOWN')
  expect(unknown.timeline.at(-1)).toMatchObject({ kind: 'note' })
  const row = await w.until(dead, m => m.status === 'FAILED')
  expect(row.error?.source).toBe('platform')
  await w.until(next, m => m.status === 'SENT')
  expect(meta.posts.map(post => post.body.biz_opaque_callback_data)).toEqual([`1:c:${next._id}:1`])
})

test('[F30] a status that was faster than the answer is not undone, and the attempt still joins the timeline', async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation()
  const message = w.messageIn(conversation)
  meta.answer = async (post, response, request) => {
    const $set = { status: 'DELIVERED' as const, wamid: 'wamid.fast', dispatch: null }
    await w.store.raw.messages.updateOne({ _id: message._id, tenantId: w.tenantId }, { $set })
    await w.store.raw.conversations.updateOne(
      { _id: conversation._id, tenantId: w.tenantId },
      { $set: { 'lastMessage.status': 'DELIVERED' as const } },
    )
    accept(post, response, request)
  }
  await using _sender = await w.startSender()
  await w.send([message])
  const row = await w.until(message, m => m.timeline.some(e => e.kind === 'attempt'))
  expect(row).toMatchObject({ status: 'DELIVERED', wamid: 'wamid.fast', dispatch: null })
  expect((await w.conversation(message)).lastMessage?.status).toBe('DELIVERED')
})

test('an acceptance that comes after our own failure replaces it', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const message = w.messageIn(await w.addConversation())
  meta.answer = async (post, response, request) => {
    const error = { code: null, title: 't', detail: null, sentence: 's', nextStep: 'n', source: 'platform' as const }
    const $set = { status: 'FAILED' as const, error, dispatch: null }
    await w.store.raw.messages.updateOne({ _id: message._id, tenantId: w.tenantId }, { $set })
    accept(post, response, request)
  }
  await using _sender = await w.startSender()
  await w.send([message])
  expect(await w.until(message, m => m.status === 'SENT')).toMatchObject({ error: null, wamid: expect.any(String) })
})

test('an id that another message has spoils neither an acceptance that comes after our own failure nor its batch', async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const [first, late] = [w.messageIn(await w.addConversation()), w.messageIn(await w.addConversation())]
  meta.answer = async (post, response) => {
    if (post.body.biz_opaque_callback_data.includes(String(late._id))) {
      const error = { code: null, title: 't', detail: null, sentence: 's', nextStep: 'n', source: 'platform' as const }
      const $set = { status: 'FAILED' as const, error, dispatch: null }
      await w.store.raw.messages.updateOne({ _id: late._id, tenantId: w.tenantId }, { $set })
    }
    response.end('{"messages":[{"id":"wamid.taken"}]}')
  }
  await w.send([first])
  await w.until(first, m => m.status === 'SENT')
  await w.send([late])
  expect(await w.until(late, m => m.status === 'SENT')).toMatchObject({ error: null, wamid: null })
  expect((await w.get(first)).wamid).toBe('wamid.taken')
  await w.until(late, m => m.timeline.some(({ kind }) => kind === 'attempt'))
})

test('an id that Meta gave to two messages spoils neither', async ({ world }) => {
  await using meta = await startMeta((_post, response) => void response.end('{"messages":[{"id":"wamid.same"}]}'))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const messages = await Promise.all([1, 2, 3].map(async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  const rows = await Promise.all(messages.map(message => w.until(message, m => m.status === 'SENT')))
  expect(rows.map(row => row.wamid).toSorted()).toEqual(['wamid.same', null, null].toSorted())
})

test('a message that waited longer than its tenant allows is given up', async ({ world }) => {
  await using meta = await startMeta(refuse(80007))
  await using w = await openSenderWorld(world, meta.url)
  const old = new Date(Date.now() - 25 * 3_600_000)
  const nextStepAt = new Date(Date.now() + 3_600_000)
  const message = w.messageIn(await w.addConversation(), {
    createdAt: old,
    dispatch: { state: 'WAITING', reason: 'rate', nextStepAt },
  })
  const excused = w.messageIn(await w.addConversation(), { createdAt: old, dispatch: { state: 'WAITING', reason: 'paused' } })
  await w.insert([message, excused])
  await using _sender = await w.startSender()
  expect((await w.until(message, m => m.status === 'FAILED')).error).toMatchObject({
    title: 'Waited too long',
    source: 'platform',
  })
  expect((await w.get(excused)).status).toBe('QUEUED')
})

test('a message whose own time has passed is given up while it waits; else the longest wait of its tenant holds', async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000)
  const waiting = async (expiresAt: Date, createdAt = new Date()) => {
    const dispatch = { state: 'WAITING' as const, reason: 'rate' as const, nextStepAt: hours(1) }
    return w.messageIn(await w.addConversation(), { createdAt, expiresAt, dispatch })
  }
  const passed = await waiting(hours(-0.01))
  const ofTenant = await waiting(hours(1), hours(-25))
  const kept = await waiting(hours(1))
  await w.insert([passed, ofTenant, kept])
  await using _sender = await w.startSender()
  for (const message of [passed, ofTenant])
    expect((await w.until(message, m => m.status === 'FAILED')).error).toMatchObject({
      title: 'Waited too long',
      source: 'platform',
    })
  expect([(await w.get(kept)).status, meta.posts]).toEqual(['QUEUED', []])
})

test('a pause of the number keeps no message beyond its own time', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { status: 'paused', pauseReason: 'manual' })
  const waits = { state: 'WAITING' as const, reason: 'paused' as const, nextStepAt: null }
  const passed = w.messageIn(await w.addConversation(), { expiresAt: new Date(Date.now() - 1000), dispatch: waits })
  const old = w.messageIn(await w.addConversation(), { createdAt: new Date(Date.now() - 25 * 3_600_000), dispatch: waits })
  await w.insert([passed, old])
  await using _sender = await w.startSender()
  expect((await w.until(passed, m => m.status === 'FAILED')).error?.title).toBe('Waited too long')
  expect([(await w.get(old)).status, meta.posts]).toEqual(['QUEUED', []])
})

test('a message whose own time has passed when its turn comes is not posted; before, it is sent', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const late = await w.sendOne({ expiresAt: new Date(Date.now() - 1) })
  const row = await w.until(late, m => m.status !== 'QUEUED')
  expect([row.status, row.error?.title, meta.posts]).toEqual(['FAILED', 'Waited too long', []])
  expect(row.timeline.some(({ kind }) => kind === 'attempt')).toBe(false)
  const inTime = await w.sendOne({ expiresAt: new Date(Date.now() + 600_000) })
  await w.until(inTime, m => m.status === 'SENT')
  expect(meta.posts).toHaveLength(1)
})

test('[F3] events whose publishing was lost are published again', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const at = new Date(Date.now() - 10_000)
  const event = {
    _id: `lost:${new Types.ObjectId()}`,
    tenantId: w.tenantId,
    name: 'message:sent' as const,
    at,
    clientId: null,
    conversationId: null,
    userId: null,
    payload: {},
    createdAt: at,
  }
  await w.store.raw.events.insertOne(event)
  const received: unknown[] = []
  const queues = [0, 1, 2, 3].map(i => `linko.event.v1.realtime.${i}`)
  const consumers = await Promise.all(
    queues.map(queue =>
      w.queue.consume(
        queue,
        async delivery => {
          for (const { eventId } of JSON.parse(delivery.content.toString()).events) received.push(eventId)
          return { kind: 'done' }
        },
        { prefetch: 10 },
      ),
    ),
  )
  await using _sender = await w.startSender()
  await untilTrue(() => received.includes(event._id))
  for (const consumer of consumers) await consumer[Symbol.asyncDispose]()
})

test('the token goes to Meta and nowhere else', async ({ world }) => {
  const tokens: (string | undefined)[] = []
  await using meta = await startMeta((post, response, request) => {
    tokens.push(request.headers.authorization)
    accept(post, response, request)
  })
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  const row = await w.until(message, m => m.status === 'SENT')
  expect(tokens).toEqual([`Bearer ${TOKEN}`])
  expect(JSON.stringify([row, await w.events(), await w.conversation(message)])).not.toContain(TOKEN)
})

test('[F35] a campaign that waits holds up no reply, and goes after it', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation()
  const nextStepAt = new Date(Date.now() + 60_000)
  const campaign = w.messageIn(conversation, { dispatch: { priority: 'campaign', state: 'WAITING', reason: 'rate', nextStepAt } })
  const reply = w.messageIn(conversation)
  await w.insert([campaign, reply])
  await using _sender = await w.startSender()
  await w.enqueue(reply)
  await w.until(reply, m => m.status === 'SENT')
  await w.store.raw.messages.updateOne(
    { _id: campaign._id, tenantId: w.tenantId },
    { $set: { 'dispatch.nextStepAt': new Date() } },
  )
  await w.until(campaign, m => m.status === 'SENT')
  expect(meta.posts.map(post => post.body.biz_opaque_callback_data.slice(0, 3))).toEqual(['1:c', '1:b'])
})

test('messages of a number that is no longer connected end by age, with the reason', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { status: 'disconnected' })
  const old = new Date(Date.now() - 25 * 3_600_000)
  const message = w.messageIn(await w.addConversation(), { createdAt: old, dispatch: { state: 'WAITING', reason: 'paused' } })
  const young = w.messageIn(await w.addConversation())
  await w.insert([message])
  await using _sender = await w.startSender()
  await w.send([young])
  expect((await w.until(message, m => m.status === 'FAILED')).error).toMatchObject({ title: 'Number not connected' })
  expect((await w.until(young, m => m.dispatch?.reason === 'paused')).status).toBe('QUEUED')
  expect(meta.posts).toEqual([])
})

test('a suspended tenant sends nothing and loses nothing', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await w.store.raw.tenants.updateOne({ _id: w.tenantId }, { $set: { status: 'suspended' } })
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.reason === 'paused')
  expect((await w.number()).status).toBe('active')
  expect(meta.posts).toEqual([])
})

test('a status that was parked under the wamid goes to the recorder once the wamid is stored', async ({ world }) => {
  await using meta = await startMeta((_post, response) => void response.end('{"messages":[{"id":"wamid.early"}]}'))
  await using w = await openSenderWorld(world, meta.url)
  const message = w.messageIn(await w.addConversation())
  const payload = { object: 'whatsapp_business_account', entry: [] }
  const parked = { _id: 's:wamid.early:delivered', phoneNumberId: w.client.phoneNumberId, wamid: 'wamid.early', messageId: null }
  const at = new Date()
  await w.store.raw.parkedItems.insertOne({ ...parked, attempt: null, status: 'delivered', at, payload, createdAt: at })
  await using _sender = await w.startSender()
  await w.send([message])
  await w.until(message, m => m.status === 'SENT')
  const queues = [0, 1, 2, 3].map(i => `linko.webhook.v1.conversation.${i}`)
  // The status, and the job that shows the message as SENT in its conversation.
  await untilTrue(async () => {
    const counts = await Promise.all(queues.map(q => w.queue.check(q)))
    return counts.reduce((sum, { messageCount }) => sum + messageCount, 0) === 2
  })
})
