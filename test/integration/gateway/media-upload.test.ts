import { createHash } from 'node:crypto'
import { Types } from 'mongoose'
import sharp from 'sharp'
import { expect, onTestFinished } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { test, type World } from '#test/support/world.ts'
import { openGateway, type Person } from '#test/support/worlds/gateway.ts'

const { phoneNumberId } = DEMO_TENANTS.demo

async function open(world: World) {
  const gateway = await openGateway(world)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  async function post(
    body: Uint8Array<ArrayBuffer> | FormData,
    headers: Record<string, string> = {},
    query = '',
    as: Person = 'agent',
  ) {
    const authorization = `Bearer ${await gateway.tokenFor(as)}`
    const init = { method: 'POST', headers: { authorization, ...headers }, body }
    const answer = await fetch(`${gateway.url}/api/v1/media${query}`, init)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const filesLeft = () => gateway.store.connection.collection('files.files').countDocuments({})
  return { gateway, post, filesLeft }
}

const picture = (width: number) =>
  sharp({ create: { width, height: 10, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer()

test('a file is stored from a form or from raw bytes, described in the reply, and read back by its tenant alone', async ({
  world,
}) => {
  const { gateway, post } = await open(world)
  const image = await picture(20)
  const sha256 = createHash('sha256').update(image).digest('hex')
  const form = new FormData()
  form.set('file', new Blob([image as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'cv photo.jpg')
  const byForm = await post(form)
  expect(byForm.status).toBe(201)
  expect(byForm.body).toMatchObject({
    kind: 'image',
    mimeType: 'image/jpeg',
    filename: 'cv photo.jpg',
    size: image.length,
    sha256,
  })
  const bare = await post(image as Uint8Array<ArrayBuffer>, { 'content-type': 'application/octet-stream' }, '?filename=a.jpg')
  expect(bare.body).toMatchObject({ kind: 'image', mimeType: 'image/jpeg', filename: 'a.jpg', sha256 })
  const path = `/api/v1/media/${byForm.body.id}`
  const authorization = `Bearer ${await gateway.tokenFor('agent')}`
  const answer = await fetch(gateway.url + path, { headers: { authorization, range: 'bytes=0-3' } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([206, 'image/jpeg'])
  expect(Buffer.from(await answer.arrayBuffer()).equals(image.subarray(0, 4))).toBe(true)
  expect((await gateway.call('GET', path, { as: 'other' })).status).toBe(404)
})

test('what a browser or a script calls wrongly is taken by its content', async ({ world }) => {
  const { post } = await open(world)
  const m4v = Buffer.from('\0\0\0\x18ftypM4V \0\0\0\x01M4V mp42\0\0\0\x08free', 'latin1')
  const opus = Buffer.concat([
    Buffer.from('OggS\0\x02', 'latin1'),
    Buffer.alloc(22),
    Buffer.from('OpusHead\x01\x01', 'latin1'),
    Buffer.alloc(9),
  ])
  const type = async (file: Buffer, contentType: string, filename: string) => {
    const { status, body } = await post(new Uint8Array(file), { 'content-type': contentType }, `?filename=${filename}`)
    return [status, body.mimeType ?? body.errorCode]
  }
  expect(await type(m4v, 'video/mp4', 'film.mp4')).toEqual([201, 'video/mp4'])
  expect(await type(m4v, 'video/x-m4v', 'film.m4v')).toEqual([201, 'video/mp4'])
  expect(await type(opus, 'audio/opus', 'note.opus')).toEqual([201, 'audio/ogg'])
  expect(await type(opus, 'application/octet-stream', 'note')).toEqual([201, 'audio/ogg'])
  expect(await type(Buffer.from('a;b\n'), 'application/vnd.ms-excel', 'list.csv')).toEqual([201, 'text/plain'])
  expect(await type(Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1'), 'application/zip', 'all.zip')).toEqual([
    415,
    'MEDIA_TYPE_NOT_ALLOWED',
  ])
})

test('a file that comes again under its key is kept once, another one is refused', async ({ world }) => {
  const { post, filesLeft } = await open(world)
  const image = (await picture(20)) as Uint8Array<ArrayBuffer>
  const headers = { 'content-type': 'image/jpeg', 'idempotency-key': 'file-1' }
  const [first, second] = await Promise.all([post(image, headers), post(image, headers)])
  expect([first.status, second.status, second.body]).toEqual([201, 201, first.body])
  const formOf = (bytes: Uint8Array<ArrayBuffer>) => {
    const form = new FormData()
    form.set('file', new Blob([bytes], { type: 'image/jpeg' }), 'a.jpg')
    return form
  }
  const byForm = await post(formOf(image), { 'idempotency-key': 'file-2' })
  expect((await post(formOf(image), { 'idempotency-key': 'file-2' })).body).toEqual(byForm.body)
  const left = await filesLeft()
  expect(await post((await picture(30)) as Uint8Array<ArrayBuffer>, headers)).toMatchObject({
    status: 409,
    body: { errorCode: 'KEY_REUSED' },
  })
  expect([left, await filesLeft()]).toEqual([2, 2])
})

test('[F52] what WhatsApp would not take is refused by its bytes, and nothing of it is kept', async ({ world }) => {
  const { post, filesLeft } = await open(world)
  const image = (await picture(20)) as Uint8Array<ArrayBuffer>
  const bytes = (size: number) => Buffer.concat([image, Buffer.alloc(size - image.length)]) as Uint8Array<ArrayBuffer>
  const MIB = 1024 * 1024
  const refused = async (body: Uint8Array<ArrayBuffer>, type: string) => {
    const answer = await post(body, { 'content-type': type })
    return [answer.status, answer.body.errorCode]
  }
  expect(await refused(image, 'image/png')).toEqual([422, 'MEDIA_TYPE_MISMATCH'])
  expect(await refused(image, 'image/gif')).toEqual([415, 'CONTENT_TYPE_NOT_SUPPORTED'])
  expect(await refused(new Uint8Array(0), 'application/pdf')).toEqual([422, 'MEDIA_EMPTY'])
  expect(await refused(bytes(5 * MIB + 1), 'image/jpeg')).toEqual([413, 'MEDIA_TOO_LARGE'])
  const form = new FormData()
  form.set('file', new Blob([bytes(5 * MIB + 1)], { type: 'image/jpeg' }), 'large.jpg')
  expect(await post(form)).toMatchObject({ status: 413, body: { errorCode: 'MEDIA_TOO_LARGE' } })
  expect(await post(new FormData())).toMatchObject({ status: 422, body: { errorCode: 'MEDIA_MISSING' } })
  expect(await filesLeft()).toBe(0)
  expect((await post(bytes(5 * MIB), { 'content-type': 'image/jpeg' })).status).toBe(201)
})

test('sends name files by our id: of any number, of the own tenant, of the right kind', async ({ world }) => {
  const { gateway, post } = await open(world)
  const image = (await picture(20)) as Uint8Array<ArrayBuffer>
  const { id } = (await post(image, { 'content-type': 'image/jpeg' }, '?filename=a.jpg')).body as { id: string }
  const theirs = (await post(image, { 'content-type': 'image/jpeg' }, '', 'other')).body as { id: string }
  await gateway.store.raw.conversations.updateMany({}, { $set: { windowExpiresAt: new Date(Date.now() + 3_600_000) } })
  const { _id: conversationId } = (await gateway.store.raw.conversations.findOne({ candidateId: { $ne: null } })) as {
    _id: unknown
  }
  const send = (body: object) => gateway.call('POST', '/api/v1/messages', { as: 'admin', body: { conversationId, ...body } })
  const sent = await send({ type: 'image', image: { id, caption: 'c' } })
  expect(sent).toMatchObject({
    status: 202,
    body: { type: 'image', content: { text: 'c', media: { id, mimeType: 'image/jpeg', filename: 'a.jpg', state: 'STORED' } } },
  })
  expect((await send({ type: 'document', document: { id, filename: 'photo.jpg' } })).body.content.media.filename).toBe(
    'photo.jpg',
  )
  const unnamed = (await send({ type: 'document', document: { id } })).body
  const row = await gateway.store.raw.messages.findOne({ _id: new Types.ObjectId(String(unnamed.id)) })
  expect(row?.payload?.document).toEqual({ id, filename: 'a.jpg' })
  const refused = async (body: object) => {
    const { status, body: problem } = await send(body)
    return [status, problem.errorCode, problem.errors?.[0]?.path]
  }
  const { tenantId, wabaId } = (await gateway.store.raw.clients.findOne({ phoneNumberId })) as ClientDoc
  const components = [
    { type: 'HEADER', format: 'DOCUMENT' },
    { type: 'BODY', text: 'Votre contrat' },
  ]
  const template = { tenantId, wabaId, name: 'contract', language: 'fr', category: 'UTILITY', status: 'APPROVED', components }
  await gateway.store.models.templates.create([
    { ...template, parameterFormat: 'POSITIONAL', variables: [] } as unknown as TemplateDoc,
  ])
  const sendTemplate = (headerMedia: object) =>
    gateway.call('POST', '/api/v1/messages/send-template', {
      as: 'admin',
      body: { conversationId, templateName: 'contract', language: 'fr', headerMedia },
    })
  expect(await sendTemplate({ id })).toMatchObject({
    status: 202,
    body: { content: { data: { components: [{ type: 'header', parameters: [{ document: { id, filename: 'a.jpg' } }] }] } } },
  })
  expect(await sendTemplate({ id: theirs.id })).toMatchObject({ status: 422, body: { errors: [{ path: 'headerMedia.id' }] } })
  expect(await refused({ type: 'video', video: { id } })).toEqual([422, 'MEDIA_KIND_MISMATCH', 'video.id'])
  for (const unknown of [theirs.id, '0'.repeat(23).concat('a')])
    expect(await refused({ type: 'image', image: { id: unknown } })).toEqual([422, 'MEDIA_UNKNOWN', 'image.id'])
})
