import { Types } from 'mongoose'
import { expect } from 'vitest'
import type { MessageDoc } from '#shared/model/documents.ts'
import { rescheduleLimited } from '#shared/store/dispatch/reschedule.ts'
import { setTenantLimits } from '#shared/store/numbers/limits.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

const mostInOneSecond = (times: number[]) =>
  Math.max(...times.map(from => times.filter(at => at >= from && at < from + 1000).length))

test('[F38] two senders together keep the rate of a number', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { throughput: 80 })
  // When they begin, not when they arrive: a busy machine carries calls together that began apart.
  const times: number[] = []
  const onCall = (startedAt: number) => void times.push(startedAt)
  await using _a = await w.startSender({ onCall })
  await using _b = await w.startSender({ onCall })
  const messages = await Promise.all(Array.from({ length: 400 }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  await untilTrue(() => meta.posts.length >= 400)
  // A call may begin 60 ms after its slot, which moves it into the next one's second.
  expect(mostInOneSecond(times)).toBeLessThanOrEqual(80 + 8 + 12)
  expect(new Set(meta.posts.map(post => post.to)).size).toBe(400)
})

test('[F37] a hundred messages to one person: the pair limit lets 45 go, the rest wait in their rows', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const conversation = await w.addConversation()
  const messages = Array.from({ length: 100 }, () => w.messageIn(conversation))
  const startedAt = performance.now()
  await w.send(messages)
  const held = { tenantId: w.tenantId, 'dispatch.reason': 'pair' as const }
  await untilTrue(async () => meta.posts.length >= 45 && (await w.store.raw.messages.countDocuments(held)) > 0)
  // One more is allowed for each 6 s that the 45 took.
  const allowed = 45 + Math.ceil((performance.now() - startedAt) / 6000)
  expect(meta.posts.length).toBeLessThanOrEqual(allowed)
  expect(await w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'QUEUED' })).toBeGreaterThanOrEqual(
    100 - allowed,
  )
  expect(meta.posts.map(post => post.body.biz_opaque_callback_data.split(':')[2])).toEqual(
    messages.slice(0, meta.posts.length).map(m => String(m._id)),
  )
})

test('[F27] a number that Meta answers slowly holds no more than its share of the calls', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { throughput: 80 })
  const slow = w.client.phoneNumberId
  let inFlight = 0
  let most = 0
  meta.answer = (post, response) => {
    const answer = () => response.end(JSON.stringify({ messages: [{ id: `wamid.${Math.random()}` }] }))
    if (post.phoneNumberId !== slow) return answer()
    most = Math.max(most, ++inFlight)
    setTimeout(() => {
      inFlight--
      answer()
    }, 1500)
  }
  await using _sender = await w.startSender({ concurrency: 40 })
  const quick = await w.addNumber()
  await w.send(await Promise.all(Array.from({ length: 60 }, async () => w.messageIn(await w.addConversation()))))
  await untilTrue(() => inFlight >= 15)
  const other = await w.addConversation({ clientId: quick._id, phoneNumberId: quick.phoneNumberId })
  const reply = await w.sendOne({}, other)
  await w.until(reply, m => m.status === 'SENT')
  expect(most).toBeLessThanOrEqual(20)
})

test('[F8] stopping finishes the calls in hand, writes their outcomes and takes nothing new', async ({ world }) => {
  await using meta = await startMeta((_post, response) => {
    setTimeout(() => response.end(JSON.stringify({ messages: [{ id: `wamid.${Math.random()}` }] })), 300)
  })
  await using w = await openSenderWorld(world, meta.url)
  const messages = await Promise.all(Array.from({ length: 60 }, async () => w.messageIn(await w.addConversation())))
  {
    await using _sender = await w.startSender({ concurrency: 10 })
    await w.send(messages)
    await untilTrue(() => meta.posts.length >= 10)
  }
  const posted = meta.posts.length
  const rows = await w.store.raw.messages.find({ tenantId: w.tenantId }).toArray()
  expect(rows.filter(row => row.status === 'SENT')).toHaveLength(posted)
  expect(rows.filter(row => row.dispatch?.state === 'TAKEN')).toEqual([])
  expect(posted).toBeLessThan(60)
  await using _next = await w.startSender()
  await untilTrue(async () => (await w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'SENT' })) === 60)
  expect(meta.posts).toHaveLength(60)
})

test('switched off, nothing is taken and nothing is lost', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const message = w.messageIn(await w.addConversation())
  {
    await using off = await w.startSender({ isEnabled: false })
    expect(off.isReady()).toBe(true)
    await w.send([message])
    await untilTrue(async () => (await w.queue.check('linko.send.v1.chat')).messageCount === 1)
  }
  expect((await w.get(message)).dispatch?.state).toBe('READY')
  await using _on = await w.startSender()
  await w.until(message, m => m.status === 'SENT')
})

test("an account's own limit reaches a running sender within seconds, and when it is raised what waited goes out", async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const first = await w.sendOne()
  await w.until(first, m => m.status === 'SENT')
  const by = new Types.ObjectId()
  await setTenantLimits(w.store, w.tenantId, { messagesPerMinute: 1 }, by)
  let held: MessageDoc | null = null
  // One a minute: as soon as the sender knows, the second one waits.
  await untilTrue(async () => {
    const message = await w.sendOne()
    const row = await w.until(message, m => m.status === 'SENT' || m.dispatch?.reason === 'rate')
    held = row.status === 'QUEUED' ? row : null
    return held !== null
  })
  const message = held as unknown as MessageDoc
  await setTenantLimits(w.store, w.tenantId, { messagesPerMinute: 60_000 }, by)
  await rescheduleLimited(w.store, w.tenantId, [w.client.phoneNumberId], new Date())
  // A sender that does not know of it yet postpones it once more.
  await untilTrue(async () => {
    await rescheduleLimited(w.store, w.tenantId, [w.client.phoneNumberId], new Date())
    return (await w.get(message)).status === 'SENT'
  })
})
