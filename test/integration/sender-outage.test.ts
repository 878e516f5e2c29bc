import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { test } from '#test/support/world.ts'
import { eventually, openSenderWorld, type SenderWorld, startMeta } from './sender-fixture.ts'
import { startProxy } from './tcp-proxy.ts'

/** Directly to the one server, for the replica set's own address would lead past the proxy. */
const direct = (uri: string) => uri.replace(/\?.*$/, '?directConnection=true')
const sent = (w: SenderWorld) => w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'SENT' })

async function sendSteadily(w: SenderWorld, count: number, everyMs: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await w.sendOne()
    await wait(everyMs)
  }
}

test('MongoDB away for seconds: every message is posted once and ends in SENT', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using proxy = await startProxy(direct(world.mongodbUri))
  await using _sender = await w.startSender({ servers: { mongodbUri: proxy.url } })
  const sending = sendSteadily(w, 150, 20)
  await eventually(async () => meta.posts.length > 20)
  proxy.cut()
  await wait(2500)
  proxy.mend()
  await sending
  await eventually(async () => (await sent(w)) === 150, 60_000)
  expect(meta.posts).toHaveLength(150)
}, 90_000)

test('RabbitMQ away for seconds: what was stored meanwhile is sent once', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using proxy = await startProxy(world.rabbitmqUrl)
  await using _sender = await w.startSender({ servers: { rabbitmqUrl: proxy.url } })
  const sending = sendSteadily(w, 100, 20)
  await eventually(async () => meta.posts.length > 20)
  proxy.cut()
  await wait(1500)
  proxy.mend()
  await sending
  await eventually(async () => (await sent(w)) === 100, 60_000)
  expect(meta.posts).toHaveLength(100)
}, 90_000)

test('Redis away for seconds: sending goes on, within its share of the rate', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url, { throughput: 100 })
  await using proxy = await startProxy(world.redisUrl)
  await using _sender = await w.startSender({ servers: { redisUrl: proxy.url } })
  const first = await w.sendOne()
  await w.until(first, m => m.status === 'SENT')
  proxy.cut()
  const messages = await Promise.all(Array.from({ length: 150 }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  await eventually(async () => (await sent(w)) === 151, 20_000)
  const times = meta.posts.slice(1).map(post => post.at)
  const most = Math.max(...times.map(from => times.filter(at => at >= from && at < from + 1000).length))
  expect(most).toBeLessThanOrEqual(100 + 8 + 15)
  proxy.mend()
  const last = await w.sendOne()
  await w.until(last, m => m.status === 'SENT')
}, 90_000)
