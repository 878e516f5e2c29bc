import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { Types } from 'mongoose'
import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { gridfsStorage } from '#shared/storage/gridfs.ts'
import { mediaKey } from '#shared/storage/open.ts'
import { addMediaFile } from '#shared/store/inbox/media-files.ts'
import { untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openSenderWorld, type SenderWorld, TOKEN } from '#test/support/worlds/sender.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const number = { phoneNumberId, wabaId, throughput: 80 }
const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

async function open(world: World) {
  await using stack = new AsyncDisposableStack()
  const simulator = stack.use(await createSimulator())
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  const w = stack.use(await openSenderWorld(world, simulator.url, number))
  const opened = stack.move()
  return { ...w, simulator, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** A file as the gateway keeps it. */
async function keep(w: SenderWorld, content: Buffer, mimeType = 'image/png'): Promise<string> {
  const _id = new Types.ObjectId()
  const storage = gridfsStorage(w.store.connection)
  await storage.put(mediaKey(w.tenantId, _id), Readable.from([content]), { contentType: mimeType })
  const sha256 = createHash('sha256').update(content).digest('hex')
  const file = { kind: 'image' as const, mimeType, filename: 'é "x".png', size: content.length, sha256, createdBy: null }
  await addMediaFile(w.store, { _id, tenantId: w.tenantId, ...file, createdAt: new Date() }, async () => undefined)
  return String(_id)
}

const image = (id: string) => ({ type: 'image', payload: { type: 'image', image: { id, caption: 'c' } } })
const uploadsOf = (simulator: Simulator) => simulator.listMedia().data.filter(one => one.phoneNumberId !== null)
const bodies = (simulator: Simulator) => simulator.messages({ phoneNumberId }).data.map(({ body }) => body)

test('a file of ours goes to Meta when it is first needed, once for all who get it', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const content = Buffer.concat([PNG, Buffer.alloc(3_000_000, 7)])
  const id = await keep(w, content)
  simulator.faults([{ match: { path: '/media' }, times: 1, effect: { latencyMs: 300 } }])
  await using _sender = await w.startSender()
  const messages = await Promise.all(Array.from({ length: 60 }, async () => w.messageIn(await w.addConversation(), image(id))))
  await w.send(messages)
  const sent = () => w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'SENT' })
  await untilTrue(async () => (await sent()) === messages.length)
  const uploads = uploadsOf(simulator)
  expect(uploads).toHaveLength(1)
  expect(uploads[0]).toMatchObject({ mimeType: 'image/png', sha256: createHash('sha256').update(content).digest('hex') })
  expect(new Set(bodies(simulator).map(body => JSON.stringify(body.image)))).toEqual(
    new Set([JSON.stringify({ id: uploads[0]?.id, caption: 'c' })]),
  )
  const row = await w.get(messages[0] as never)
  expect(row.payload).toEqual(image(id).payload)
  expect(row.timeline.filter(({ kind }) => kind === 'attempt')).toHaveLength(1)
})

test('a large document streams from the storage to Meta byte for byte', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(40_000_000)])
  const id = await keep(w, content, 'application/pdf')
  await using _sender = await w.startSender({ callTimeoutMs: 1000 })
  await w.until(await w.sendOne({ type: 'document', payload: { type: 'document', document: { id } } }), m => m.status === 'SENT')
  expect(uploadsOf(simulator)).toMatchObject([{ sha256: createHash('sha256').update(content).digest('hex') }])
})

test('senders share what is uploaded; another number gets its own', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const other = '2054543651068213'
  simulator.token({ token: TOKEN, wabaIds: [wabaId, DEMO_TENANTS.other.wabaId] })
  const otherClient = await w.addNumber({ phoneNumberId: other, wabaId: DEMO_TENANTS.other.wabaId })
  const id = await keep(w, PNG)
  const template = (fileId: string) => ({
    type: 'image',
    payload: {
      type: 'interactive',
      interactive: {
        type: 'button',
        header: { type: 'image', image: { id: fileId } },
        body: { text: 'b' },
        action: { buttons: [{ type: 'reply', reply: { id: '1', title: 'Yes' } }] },
      },
    },
  })
  for (const _ of [1, 2]) {
    await using _sender = await w.startSender()
    await w.until(await w.sendOne(image(id)), m => m.status === 'SENT')
    await w.until(await w.sendOne(template(id)), m => m.status === 'SENT')
  }
  expect(uploadsOf(simulator)).toHaveLength(1)
  await using _sender = await w.startSender()
  const conversation = await w.addConversation({ clientId: otherClient._id, phoneNumberId: other })
  await w.until(await w.sendOne(image(id), conversation), m => m.status === 'SENT')
  expect(uploadsOf(simulator).map(one => one.phoneNumberId)).toEqual([phoneNumberId, other])
})

test('a file that Meta has lost is handed to it anew, once', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const id = await keep(w, PNG)
  await using _sender = await w.startSender()
  await w.until(await w.sendOne(image(id)), m => m.status === 'SENT')
  const [lost] = uploadsOf(simulator)
  simulator.sim.world.media.clear()
  const row = await w.until(await w.sendOne(image(id)), m => m.status === 'SENT')
  expect(row.timeline.filter(({ kind }) => kind === 'attempt')).toMatchObject([{ outcome: 'accepted', attempt: 1 }])
  expect(uploadsOf(simulator)).toHaveLength(1)
  expect(await w.store.raw.mediaUploads.find({ tenantId: w.tenantId }).toArray()).toMatchObject([
    { _id: `${id}:${phoneNumberId}`, metaId: uploadsOf(simulator)[0]?.id },
  ])
  expect(uploadsOf(simulator)[0]?.id).not.toBe(lost?.id)
})

test('a message that failed for its file after all gets a new one when it is sent again', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const id = await keep(w, PNG)
  await using _sender = await w.startSender()
  await w.until(await w.sendOne(image(id)), m => m.status === 'SENT')
  const at = new Date()
  const timeline = [
    { kind: 'attempt' as const, at, attempt: 1, outcome: 'accepted' as const },
    { kind: 'status' as const, at, status: 'FAILED', code: 131053 },
  ]
  await w.until(await w.sendOne({ ...image(id), timeline, dispatch: { attempt: 1 } }), m => m.status === 'SENT')
  const [, second] = uploadsOf(simulator)
  expect(bodies(simulator).at(-1)?.image).toEqual({ id: second?.id, caption: 'c' })
})

test('an upload that Meta refuses is decided like a send, and one that breaks off leaves no unknown outcome', async ({
  world,
}) => {
  await using w = await open(world)
  const { simulator } = w
  await using _sender = await w.startSender()
  const unsupported = await w.sendOne(image(await keep(w, PNG, 'image/gif')))
  expect((await w.until(unsupported, m => m.status === 'FAILED')).error).toMatchObject({ code: 100, source: 'meta' })
  const gone = await w.sendOne(image(String(new Types.ObjectId())))
  expect((await w.until(gone, m => m.status === 'FAILED')).error).toMatchObject({ title: 'File not found', source: 'platform' })
  simulator.faults([{ match: { path: '/media' }, times: 1, effect: { reset: true } }])
  const broken = await w.sendOne(image(await keep(w, PNG)))
  const outcomes = (await w.until(broken, m => m.status === 'SENT')).timeline.flatMap(({ outcome }) => outcome ?? [])
  expect(outcomes).toEqual(['unsent', 'accepted'])
  simulator.refuseToken(TOKEN)
  await w.until(await w.sendOne(image(await keep(w, PNG))), m => m.dispatch?.reason === 'paused')
  expect(await w.number()).toMatchObject({ status: 'paused', pauseReason: 'token' })
})

test('a long upload holds nobody: who waits for it looks again', async ({ world }) => {
  await using w = await open(world)
  const { simulator } = w
  const id = await keep(w, PNG)
  simulator.faults([{ match: { path: '/media' }, times: 1, effect: { latencyMs: 1500 } }])
  await using _sender = await w.startSender()
  const [first, second] = [await w.sendOne(image(id)), await w.sendOne(image(id))]
  await w.until(second, m => m.dispatch?.reason === 'media')
  expect((await w.get(second)).dispatch).toMatchObject({ state: 'WAITING', attempt: 0 })
  await w.until(await w.sendOne(), m => m.status === 'SENT')
  for (const message of [first, second]) await w.until(message, m => m.status === 'SENT')
  expect(uploadsOf(simulator)).toHaveLength(1)
})
