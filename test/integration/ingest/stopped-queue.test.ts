import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { findRabbitmq, type PrivateRabbitmq, startRabbitmq } from '#deploy/local/backing/rabbitmq.ts'
import { freePort } from '#deploy/local/ports.ts'
import { openRegistry } from '#deploy/local/registry.ts'
import { spoolWork } from '#services/ingest/receiver/make-durable.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { openSpool } from '#services/ingest/receiver/spool.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { sign } from '#shared/meta/signature.ts'
import { listen } from '#shared/process/health.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { restartQueue, STOPPED_SHARD, stopQueue } from '#test/support/stopped-queue.ts'
import { untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { APP_SECRET, log, openQueue, openStore, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'

const binary = findRabbitmq()
if (binary === null) console.log('the stopped queue is skipped: it needs a local rabbitmq-server, whose queue it may stop')

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const STOPPED_KEY = `conversation.${STOPPED_SHARD}`
const LIMIT_MS = 60_000

/** Webhooks of one text each, from people of all shards. */
const webhooks = (tag: string, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const from = `2126645${String(i).padStart(5, '0')}`
    const wamid = `wamid.${tag}.${i}`
    const message = { from, id: wamid, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: 'x' } }
    const value = {
      messaging_product: 'whatsapp',
      metadata: { phone_number_id: phoneNumberId },
      contacts: [{ wa_id: from, profile: { name: 'S' } }],
      messages: [message],
    }
    const entry = [{ id: wabaId, changes: [{ field: 'messages', value }] }]
    return {
      wamid,
      key: webhookKeys.conversation(phoneNumberId, from),
      raw: JSON.stringify({ object: 'whatsapp_business_account', entry }),
    }
  })

describe.runIf(binary !== null)('[F18] one queue lives and confirms nothing', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-stopped-queue-'))
  let broker: PrivateRabbitmq
  beforeAll(async () => {
    broker = await startRabbitmq(binary as string, { dir, port: await freePort(), registry: await openRegistry(dir) })
    await (await connectQueue(broker.url, { log, name: 'first' }))[Symbol.asyncDispose]()
  }, 180_000)
  afterAll(async () => {
    for (const supervised of [...(broker?.supervised ?? [])].reverse()) await supervised[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  }, 240_000)

  /** Receiver with its spool, and recorder, on the private broker. */
  async function startIngest(world: World) {
    const store = await openStore(world)
    const queue = await openQueue({ ...world, rabbitmqUrl: broker.url })
    const recorder = await startRecorder({ store, queue, log })
    const spool = await openSpool({ dir: path.join(dir, 'spool'), maxBytes: 10_000_000, log, ...spoolWork(queue) })
    const app = createReceiver({ queue, spool, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
    const server = await listen(createServer(app), '127.0.0.1', 0)
    onTestFinished(async () => {
      await server[Symbol.asyncDispose]()
      await spool[Symbol.asyncDispose]()
      await recorder[Symbol.asyncDispose]()
    })
    const post = async (raw: string) => {
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw, APP_SECRET) }
      return (await fetch(`http://127.0.0.1:${server.port}/webhook`, { method: 'POST', body: raw, headers })).status
    }
    const stored = (wamids: string[]) => store.raw.messages.countDocuments({ wamid: { $in: wamids } })
    return { spool, post, stored }
  }

  test('the webhooks of the other shards are stored, and its own when it is back, each once', { timeout: 240_000 }, async ({
    world,
  }) => {
    const { spool, post, stored } = await startIngest(world)
    const calm = webhooks('calm', 40)
    for (const { raw } of calm) expect(await post(raw)).toBe(200)
    await untilTrue(async () => (await stored(calm.map(({ wamid }) => wamid))) === calm.length, LIMIT_MS)

    await stopQueue(broker)
    onTestFinished(async () => void (await restartQueue(broker).catch(() => undefined)))
    const all = webhooks('stopped', 800)
    const statuses: number[] = []
    for (let i = 0; i < all.length; i += 40)
      statuses.push(...(await Promise.all(all.slice(i, i + 40).map(({ raw }) => post(raw)))))
    expect(new Set(statuses)).toEqual(new Set([200]))
    const others = all.filter(({ key }) => key !== STOPPED_KEY).map(({ wamid }) => wamid)
    await untilTrue(async () => (await stored(others)) === others.length, LIMIT_MS)
    const own = all.filter(({ key }) => key === STOPPED_KEY).map(({ wamid }) => wamid)
    expect(own.length).toBeGreaterThan(100)
    expect([await stored(own), spool.isEmpty(STOPPED_KEY)]).toEqual([0, false])
    expect(
      spool
        .streams()
        .filter(stream => !stream.isEmpty())
        .map(({ key }) => key),
    ).toEqual([STOPPED_KEY])

    await restartQueue(broker)
    await untilTrue(async () => (await stored(own)) === own.length, LIMIT_MS)
    await untilTrue(() => spool.bytes() === 0, LIMIT_MS)
    expect(await stored(all.map(({ wamid }) => wamid))).toBe(all.length)
  })
})
