import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { fileOfForm } from './multipart.ts'

const content = Buffer.from('\r\n--not the end\r\n--X\r\n\0binary\xff', 'latin1')
const part = (headers: string, body: Buffer | string) =>
  Buffer.concat([Buffer.from(`--XYZ\r\n${headers}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')])
const FILE = 'Content-Disposition: form-data; name="file"; filename="a \\"b\\".pdf"\r\nContent-Type: application/pdf'
const form = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from('--XYZ--\r\n')])
const inChunks = (whole: Buffer, size: number) =>
  Readable.from(Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size)))
const TYPE = 'multipart/form-data; boundary=XYZ'

test.for([1, 2, 3, 5, 7, 64, 100_000])('a file is found and streamed whole in chunks of %d bytes', async size => {
  const whole = form(
    part('Content-Disposition: form-data; name="type"', 'document'),
    part(FILE, content),
    part('Content-Disposition: form-data; name="z"', 'z'),
  )
  const file = await fileOfForm(inChunks(whole, size), TYPE)
  expect([file.filename, file.mimeType]).toEqual(['a "b".pdf', 'application/pdf'])
  expect((await buffer(file.content)).equals(content)).toBe(true)
})

test('a form written by fetch is read', async () => {
  const data = new FormData()
  data.set('file', new Blob([content], { type: 'image/png' }), 'été.png')
  const request = new Request('http://x.test', { method: 'POST', body: data })
  const source = Readable.from(Buffer.from(await request.clone().arrayBuffer()), { objectMode: false })
  const file = await fileOfForm(source, request.headers.get('content-type') ?? '')
  expect([file.filename, file.mimeType]).toEqual(['été.png', 'image/png'])
  expect((await buffer(file.content)).equals(content)).toBe(true)
})

test('an empty file is accepted', async () => {
  const file = await fileOfForm(inChunks(form(part(FILE, '')), 9), TYPE)
  expect((await buffer(file.content)).length).toBe(0)
})

test('a form that is truncated, names no boundary or contains no file is refused', async () => {
  const cut = form(part(FILE, content)).subarray(0, -20)
  const file = await fileOfForm(inChunks(cut, 10), TYPE)
  await expect(buffer(file.content)).rejects.toMatchObject({ errorCode: 'FORM_INVALID' })
  await expect(fileOfForm(inChunks(cut, 10), 'multipart/form-data')).rejects.toMatchObject({ errorCode: 'FORM_INVALID' })
  const empty = form(part('Content-Disposition: form-data; name="type"', 'image'))
  await expect(fileOfForm(inChunks(empty, 10), TYPE)).rejects.toMatchObject({ errorCode: 'MEDIA_MISSING' })
  const endless = Buffer.from(`--XYZ\r\n${'x'.repeat(20_000)}`)
  await expect(fileOfForm(inChunks(endless, 1000), TYPE)).rejects.toMatchObject({ errorCode: 'FORM_INVALID' })
})

test('a form that ends in the middle of a file that nobody has read yet fails the reader, and not the process', async () => {
  const errors: unknown[] = []
  const note = (error: unknown) => errors.push(error)
  process.on('uncaughtException', note)
  try {
    for (const left of [5, 20, content.length + 10]) {
      const cut = form(part(FILE, content)).subarray(0, -left)
      const file = await fileOfForm(inChunks(cut, 10_000), TYPE)
      await new Promise(resolve => setImmediate(resolve))
      await expect(buffer(file.content)).rejects.toMatchObject({ status: 400, errorCode: 'FORM_INVALID' })
    }
  } finally {
    process.off('uncaughtException', note)
  }
  expect(errors).toEqual([])
})

test('a connection that breaks in the middle of a file fails the reader', async () => {
  const whole = form(part(FILE, 'x'.repeat(100_000)))
  const upload = Readable.from(
    (async function* () {
      yield whole.subarray(0, 50_000)
      throw new Error('aborted')
    })(),
  )
  const file = await fileOfForm(upload, TYPE)
  await expect(buffer(file.content)).rejects.toMatchObject({ status: 400, errorCode: 'FORM_INVALID' })
})

test('a file is read no faster than somebody takes it', async () => {
  let sent = 0
  const upload = Readable.from(
    (async function* () {
      yield Buffer.from(`--XYZ\r\n${FILE}\r\n\r\n`)
      for (; sent < 1000; sent++) yield Buffer.alloc(16_384, 97)
      yield Buffer.from('\r\n--XYZ--\r\n')
    })(),
    { objectMode: false },
  )
  const file = await fileOfForm(upload, TYPE)
  for (let i = 0; i < 200; i++) await new Promise(resolve => setImmediate(resolve))
  expect(sent).toBeLessThan(100)
  expect((await buffer(file.content)).length).toBe(1000 * 16_384)
})
