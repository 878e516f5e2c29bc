import { createHash, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Types } from 'mongoose'
import sharp from 'sharp'
import { expect, onTestFinished, vi } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { requeueMediaJobs } from '#services/ingest/background/requeue-media.ts'
import { startMediaWorker } from '#services/ingest/media/worker.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { MediaRef, MessageDoc } from '#shared/model/documents.ts'
import { listen } from '#shared/process/health.ts'
import { retryQueue } from '#shared/queue/topology.ts'
import { gridfsStorage } from '#shared/storage/gridfs.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { untilPasses } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { test, type World } from '#test/support/world.ts'
import { openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { keyring, log, startIngest } from '#test/support/worlds/ingest.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const HOUR_MS = 3_600_000
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('base64')

/** Everything between a webhook with a file and the file in the gateway; Meta is whoever listens at `metaUrl`. */
async function open(world: World, metaUrl: string, options: { downloadMs?: number } = {}) {
  const gateway = await openGateway(world)
  const ingest = await startIngest(world)
  const meta = createMetaClient({ baseUrl: metaUrl, version: 'v25.0' })
  const { store, queue } = gateway
  const storage = gridfsStorage(store.connection)
  const startWorker = () =>
    startMediaWorker({ store, queue, storage, meta, keyring, hosts: [], graphUrl: metaUrl, log, ...options })
  let worker = await startWorker()
  onTestFinished(async () => {
    await worker[Symbol.asyncDispose]()
    await meta[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
  })
  let sent = 0

  /** A webhook as Meta sends it. @returns the message as soon as it is stored */
  async function arrives(type: 'image' | 'document', media: Record<string, unknown>) {
    const id = `wamid.MEDIA${++sent}`
    const message = { from: '212661009901', id, timestamp: '1795165200', type, [type]: media }
    const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, messages: [message] }
    await ingest.post(webhookOf(value))
    await untilPasses(async () => expect(await store.raw.messages.countDocuments({ wamid: id })).toBe(1))
    return id
  }

  const mediaOf = async (wamid: string) => (await store.raw.messages.findOne({ wamid }))?.content.media
  const settled = async (wamid: string, state: string) => {
    await untilPasses(async () => expect((await mediaOf(wamid))?.state).toBe(state))
    return String((await mediaOf(wamid))?.id)
  }
  /** The file, as bytes. */
  async function get(id: string, headers: Record<string, string> = {}, as: Person = 'agent', query = '') {
    const authorization = `Bearer ${await gateway.tokenFor(as)}`
    const answer = await fetch(`${gateway.url}/api/v1/media/${id}${query}`, { headers: { authorization, ...headers } })
    return { status: answer.status, headers: answer.headers, content: Buffer.from(await answer.arrayBuffer()) }
  }
  return {
    gateway,
    store,
    queue,
    storage,
    arrives,
    mediaOf,
    settled,
    get,
    stopWorker: () => worker[Symbol.asyncDispose](),
    async startWorker() {
      worker = await startWorker()
    },
  }
}

test('an image arrives, is stored with a thumbnail, and is shown to its tenant alone', { timeout: 240_000 }, async ({
  world,
}) => {
  await using simulator = await createSimulator()
  const w = await open(world, simulator.url)
  const image = await sharp({ create: { width: 800, height: 600, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer()
  const { id: metaId } = simulator.media({ phoneNumberId, mimeType: 'image/jpeg', data: image.toString('base64') })
  const wamid = await w.arrives('image', { id: metaId, mime_type: 'image/jpeg', sha256: sha256(image) })
  const id = await w.settled(wamid, 'STORED')
  const whole = await w.get(id)
  expect([whole.status, whole.headers.get('content-type'), whole.headers.get('x-content-type-options')]).toEqual([
    200,
    'image/jpeg',
    'nosniff',
  ])
  expect(whole.content.equals(image)).toBe(true)
  const small = await sharp((await w.get(id, {}, 'agent', '?thumbnail=true')).content).metadata()
  expect([small.format, small.width, small.height]).toEqual(['jpeg', 320, 240])
  expect((await w.get(id, {}, 'other')).status).toBe(404)
  expect((await w.get(id, { 'if-none-match': whole.headers.get('etag') ?? '' })).status).toBe(304)
  expect(await w.store.raw.events.countDocuments({ _id: new RegExp(`^media:${id}:STORED`) })).toBe(1)
})

test('a file is kept whatever its label says, and served by what it is', { timeout: 240_000 }, async ({ world }) => {
  await using simulator = await createSimulator()
  const w = await open(world, simulator.url)
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  const m4v = Buffer.from('\0\0\0\x18ftypM4V \0\0\0\x01M4V mp42\0\0\0\x08free', 'latin1')
  for (const [label, file, type] of [
    ['image/jpeg', png, 'image/png'],
    ['video/mp4', m4v, 'video/mp4'],
    ['image/png', Buffer.from('%PDF-1.4\n%%EOF'), 'application/pdf'],
    ['application/octet-stream', png, 'image/png'],
    ['audio/opus', Buffer.from('just some words'), 'audio/ogg'],
  ] as const) {
    const { id: metaId } = simulator.media({ phoneNumberId, mimeType: label, data: file.toString('base64') })
    const wamid = await w.arrives('document', { id: metaId, mime_type: label, sha256: sha256(file) })
    const served = await w.get(await w.settled(wamid, 'STORED'))
    expect([served.status, served.headers.get('content-type'), served.content.equals(file)], label).toEqual([200, type, true])
    expect((await w.mediaOf(wamid))?.mimeType).toBe(type)
  }
})

test('a document of 25 MB streams back byte for byte, whole and in ranges', { timeout: 240_000 }, async ({ world }) => {
  const file = randomBytes(25 * 1024 * 1024)
  const stub = await startMeta((request, response) => {
    if (request.url?.startsWith('/v25.0/'))
      return answerJson(response, {
        url: `${stub}/file`,
        mime_type: 'application/pdf',
        sha256: sha256(file),
        file_size: file.length,
      })
    response.writeHead(200, { 'content-type': 'application/pdf' }).end(file)
  })
  const w = await open(world, stub)
  const wamid = await w.arrives('document', {
    id: '900',
    mime_type: 'application/pdf',
    sha256: sha256(file),
    filename: 'CV d’Amal.pdf',
  })
  const id = await w.settled(wamid, 'STORED')
  const whole = await w.get(id)
  expect(whole.content.equals(file)).toBe(true)
  expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''CV%20d/)
  const part = await w.get(id, { range: 'bytes=1000000-1999999' })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1000000-1999999/${file.length}`])
  expect(part.content.equals(file.subarray(1_000_000, 2_000_000))).toBe(true)
  expect((await w.get(id, { range: `bytes=${file.length}-` })).status).toBe(416)
  expect((await w.get(id, {}, 'other')).status).toBe(404)
})

test.for<[string, string, RequestListener]>([
  [
    'a redirect to a private address',
    'FAILED',
    (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end(),
  ],
  ['another file than Meta named', 'FAILED', (_, response) => void response.writeHead(200).end('something else')],
  ['a file that is gone', 'EXPIRED', (_, response) => void response.writeHead(404).end()],
])('%s is refused, and the message says so', { timeout: 240_000 }, async ([, state, download], { world }) => {
  const stub = await startMeta((request, response) => {
    if (request.url?.startsWith('/v25.0/')) answerJson(response, { url: `${stub}/file`, mime_type: 'image/jpeg' })
    else download(request, response)
  })
  const w = await open(world, stub)
  const wamid = await w.arrives('image', { id: '901', mime_type: 'image/jpeg', sha256: sha256(Buffer.from('the file')) })
  const id = await w.settled(wamid, state)
  expect((await w.mediaOf(wamid))?.problem).toBeTruthy()
  const answer = await w.get(id)
  expect([answer.status, JSON.parse(answer.content.toString()).errorCode]).toEqual([410, 'MEDIA_NOT_FETCHED'])
  await expect(
    w.storage.get(`${(await w.store.raw.messages.findOne({ wamid }))?.tenantId}/${id}`).then(stream => buffer(stream)),
  ).rejects.toThrow()
})

test('[F51] an address that is not of Meta is not called, whatever it is', { timeout: 240_000 }, async ({ world }) => {
  let calls = 0
  const elsewhere = await startMeta((_, response) => {
    calls++
    response.end('x')
  })
  const stub = await startMeta((_, response) => answerJson(response, { url: `${elsewhere}/file`, mime_type: 'image/jpeg' }))
  const w = await open(world, stub)
  await w.settled(await w.arrives('image', { id: '902', mime_type: 'image/jpeg' }), 'FAILED')
  expect(calls).toBe(0)
})

test.for<[string, Partial<MessageDoc>]>([
  ['a customer', { direction: 'INBOUND' }],
  ['the business in its app', { direction: 'OUTBOUND', origin: 'phone' }],
])(
  'a file of %s that could not be fetched is fetched when somebody asks, and one whose job was lost by itself',
  { timeout: 60_000 },
  async ([, side], { world }) => {
    let isGone = true
    const stub = await startMeta((request, response) => {
      if (request.url?.startsWith('/v25.0/')) answerJson(response, { url: `${stub}/file`, mime_type: 'application/pdf' })
      else if (isGone) response.writeHead(404).end()
      else response.end('here')
    })
    const w = await open(world, stub)
    const wamid = await w.arrives('document', { id: '903', mime_type: 'application/pdf' })
    const id = await w.settled(wamid, 'EXPIRED')
    await w.store.raw.messages.updateOne({ wamid }, { $set: side })
    isGone = false
    expect((await w.gateway.call('POST', `/api/v1/media/${id}/fetch`, { as: 'other' })).status).toBe(404)
    expect((await w.gateway.call('POST', `/api/v1/media/${id}/fetch`, { as: 'agent' })).status).toBe(202)
    await w.settled(wamid, 'STORED')
    expect((await w.gateway.call('POST', `/api/v1/media/${id}/fetch`, { as: 'agent' })).body.errorCode).toBe('MEDIA_STORED')
    // As if the job had been lost.
    await w.store.raw.messages.updateOne({ wamid }, { $set: { 'content.media.state': 'PENDING' } })
    expect((await w.get(id)).status).toBe(409)
    await requeueMediaJobs({ store: w.store, queue: w.queue, log, now: () => new Date() })
    expect((await w.get(id)).status).toBe(409)
    await requeueMediaJobs({ store: w.store, queue: w.queue, log, now: () => new Date(Date.now() + HOUR_MS) })
    await w.settled(wamid, 'STORED')
    await w.store.raw.messages.updateOne({ wamid }, { $set: { direction: 'OUTBOUND', origin: 'api' } })
    expect((await w.gateway.call('POST', `/api/v1/media/${id}/fetch`, { as: 'agent' })).status).toBe(404)
  },
)

test('while Meta limits us a file waits, and that is no attempt', { timeout: 240_000 }, async ({ world }) => {
  const stub = await startMeta((_, response) => {
    const body = JSON.stringify({ error: { code: 80007, message: 'Rate limit issues' } })
    response.writeHead(400, { 'content-type': 'application/json' }).end(body)
  })
  const w = await open(world, stub)
  const wamid = await w.arrives('image', { id: '904', mime_type: 'image/jpeg' })
  const attempts: number[] = []
  const delayed = retryQueue(60)
  await untilPasses(async () => expect((await w.queue.check(delayed)).messageCount).toBe(1))
  await using _reader = await w.queue.consume(
    delayed,
    async ({ attempt }) => {
      attempts.push(attempt)
      return { kind: 'done' }
    },
    { prefetch: 1 },
  )
  await untilPasses(async () => expect(attempts).toEqual([1]))
  expect((await w.mediaOf(wamid))?.state).toBe('PENDING')
})

test('a file that is too slow waits for another time, which is no attempt, and its download ends', { timeout: 240_000 }, async ({
  world,
}) => {
  const closed = Promise.withResolvers<void>()
  const stub = await startMeta((request, response) => {
    if (request.url?.startsWith('/v25.0/')) return answerJson(response, { url: `${stub}/file`, mime_type: 'application/pdf' })
    response.on('close', closed.resolve)
    response.write('a beginning')
  })
  const w = await open(world, stub, { downloadMs: 500 })
  const wamid = await w.arrives('document', { id: '906', mime_type: 'application/pdf' })
  await closed.promise
  await untilPasses(async () => expect((await w.queue.check(retryQueue(600))).messageCount).toBe(1))
  const left = w.store.connection.collection('files.chunks')
  expect([(await w.mediaOf(wamid))?.state, await left.countDocuments({})]).toEqual(['PENDING', 0])
})

test('a download ends with the worker, and its message is fetched by the next one', { timeout: 240_000 }, async ({ world }) => {
  const begun = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  let isFirst = true
  const stub = await startMeta((request, response) => {
    if (request.url?.startsWith('/v25.0/')) return answerJson(response, { url: `${stub}/file`, mime_type: 'application/pdf' })
    if (!isFirst) return void response.end('the whole file')
    isFirst = false
    response.on('close', closed.resolve)
    response.write('a beginning')
    begun.resolve()
  })
  const w = await open(world, stub)
  const wamid = await w.arrives('document', { id: '907', mime_type: 'application/pdf' })
  await begun.promise
  await w.stopWorker()
  await closed.promise
  await w.startWorker()
  const id = await w.settled(wamid, 'STORED')
  expect(String((await w.get(id)).content)).toBe('the whole file')
})

test('a type with a line break and a name with half a character are served all the same', { timeout: 240_000 }, async ({
  world,
}) => {
  const stub = await startMeta((request, response) => {
    if (request.url?.startsWith('/v25.0/')) answerJson(response, { url: `${stub}/file`, mime_type: 'image/pn\u2028g' })
    else response.end('the file')
  })
  const w = await open(world, stub)
  const wamid = await w.arrives('document', {
    id: '908',
    mime_type: 'image/png\nX: y',
    filename: '../a\ud800\r\nSet-Cookie: a=b.png',
  })
  const id = await w.settled(wamid, 'STORED')
  expect(await w.mediaOf(wamid)).toMatchObject({ mimeType: 'application/octet-stream', filename: 'a\ufffdSet-Cookie: a=b.png' })
  const { status, headers } = await w.get(id)
  expect([status, headers.get('content-type'), headers.get('set-cookie')]).toEqual([200, 'application/octet-stream', null])
})

test.for([
  { title: 'no file', other: null },
  { title: 'another file', other: new Types.ObjectId() },
])('a file is not kept whose message has $title by the time it is here', { timeout: 240_000 }, async ({ other }, { world }) => {
  const asked = Promise.withResolvers<void>()
  const changed = Promise.withResolvers<void>()
  const stub = await startMeta(async (request, response) => {
    if (request.url?.startsWith('/v25.0/')) return answerJson(response, { url: `${stub}/file`, mime_type: 'application/pdf' })
    asked.resolve()
    await changed.promise
    response.end('too late')
  })
  const w = await open(world, stub)
  const dropped = vi.spyOn(w.storage, 'delete')
  const wamid = await w.arrives('document', { id: '905', mime_type: 'application/pdf' })
  await asked.promise
  const { tenantId, content } = (await w.store.raw.messages.findOne({ wamid })) as MessageDoc
  const media = other && { ...(content.media as MediaRef), id: other }
  await w.store.raw.messages.updateOne({ wamid }, { $set: { 'content.media': media } })
  changed.resolve()
  const key = mediaKey(tenantId, content.media?.id)
  await untilPasses(async () => expect(dropped.mock.calls).toContainEqual([key]))
  // Called is not yet done.
  await Promise.all(dropped.mock.results.map(({ value }) => value))
  await expect(w.storage.get(key)).rejects.toThrow(ObjectNotFound)
  expect(await w.mediaOf(wamid)).toEqual(media)
})

const answerJson = (response: Parameters<RequestListener>[1], body: object) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** @returns its address */
async function startMeta(answer: RequestListener): Promise<string> {
  const server = await listen(createServer(answer), '127.0.0.1', 0)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return `http://127.0.0.1:${server.port}`
}
