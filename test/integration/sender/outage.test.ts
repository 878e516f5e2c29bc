import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { rateLimited } from '#shared/process/metrics.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, type SenderWorld, startMeta } from '#test/support/worlds/sender.ts'

/** Directly to the one server, for the replica set's own address would lead past the proxy. */
const direct = (uri: string) => uri.replace(/\?.*$/, '?directConnection=true')
const sent = (w: SenderWorld) => w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'SENT' })

async function sendSteadily(w: SenderWorld, count: number, everyMs: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await w.sendOne()
    await wait(everyMs)
  }
}

test('[F20] MongoDB away for seconds: every message is posted once and ends in SENT', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using proxy = await startProxy(direct(world.mongodbUri))
  await using _sender = await w.startSender({ servers: { mongodbUri: proxy.url } })
  const sending = sendSteadily(w, 150, 20)
  await untilTrue(async () => meta.posts.length > 20)
  proxy.cut()
  await wait(2500)
  proxy.mend()
  await sending
  await untilTrue(async () => (await sent(w)) === 150, 60_000)
  expect(meta.posts).toHaveLength(150)
}, 240_000)

test('RabbitMQ away for seconds: what was stored meanwhile is sent once', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using proxy = await startProxy(world.rabbitmqUrl)
  await using _sender = await w.startSender({ servers: { rabbitmqUrl: proxy.url } })
  const sending = sendSteadily(w, 100, 20)
  await untilTrue(async () => meta.posts.length > 20)
  proxy.cut()
  await wait(1500)
  proxy.mend()
  await sending
  await untilTrue(async () => (await sent(w)) === 100, 60_000)
  expect(meta.posts).toHaveLength(100)
}, 240_000)

test('[F21] Redis away for seconds: sending goes on, within its share of the rate', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { throughput: 100 })
  await using proxy = await startProxy(world.redisUrl)
  await using _sender = await w.startSender({ servers: { redisUrl: proxy.url } })
  const first = await w.sendOne()
  await w.until(first, m => m.status === 'SENT')
  proxy.cut()
  const messages = await Promise.all(Array.from({ length: 150 }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  await untilTrue(async () => (await sent(w)) === 151)
  const times = meta.posts.slice(1).map(post => post.at)
  const most = Math.max(...times.map(from => times.filter(at => at >= from && at < from + 1000).length))
  expect(most).toBeLessThanOrEqual(100 + 8 + 15)
  proxy.mend()
  const last = await w.sendOne()
  await w.until(last, m => m.status === 'SENT')
}, 240_000)

test('[F21] Redis goes in the middle of a run and comes back: each of two senders keeps to its share, nothing is lost or sent twice', async ({
  world,
}) => {
  const [rate, count] = [60, 600]
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { throughput: rate })
  await using proxy = await startProxy(world.redisUrl)
  const servers = { redisUrl: proxy.url }
  await using _a = await w.startSender({ servers })
  await using _b = await w.startSender({ servers })
  const fallback = async () => (await rateLimited.get()).values.find(({ labels }) => labels.limit === 'fallback')?.value ?? 0
  const before = await fallback()
  const messages = await Promise.all(Array.from({ length: count }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  await untilTrue(() => meta.posts.length >= count / 6)
  proxy.cut()
  await untilTrue(() => meta.posts.length >= count / 2)
  proxy.mend()
  await untilTrue(async () => (await sent(w)) === count)
  expect(await fallback()).toBeGreaterThan(before)
  const ids = meta.posts.map(({ body }) => body.biz_opaque_callback_data)
  expect(ids.toSorted()).toEqual(messages.map(({ _id }) => `1:c:${_id}:1`).toSorted())
  // Two changes of the guard, each with the burst that it grants anew: since the first call never more than these above the rate,
  // however late a busy machine makes calls.
  const times = meta.posts.map(({ at }) => at).toSorted((a, b) => a - b)
  const above = times.map((at, i) => i + 1 - (rate * (at - (times[0] as number))) / 1000)
  expect(Math.max(...above)).toBeLessThanOrEqual(3 * 8 + 15)
}, 240_000)
