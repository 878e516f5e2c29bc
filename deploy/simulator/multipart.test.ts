import { expect, test } from 'vitest'
import { multipartParams, type UploadedFile } from './multipart.ts'

const parse = (lines: string[], boundary = 'b0') =>
  multipartParams(Buffer.from(lines.join('\r\n'), 'latin1'), `multipart/form-data; boundary=${boundary}`)

test('members and files are read byte for byte', () => {
  const params = parse([
    '--b0',
    'Content-Disposition: form-data; name="messaging_product"',
    '',
    'whatsapp',
    '--b0',
    'Content-Disposition: form-data; name="file"; filename="a b.png"',
    'Content-Type: image/png',
    '',
    'x\r\n\u0000\u00ff',
    '--b0--',
    '',
  ])
  const file = params.file as UploadedFile
  expect(params.messaging_product).toBe('whatsapp')
  expect(file).toMatchObject({ filename: 'a b.png', mimeType: 'image/png' })
  expect([...file.bytes]).toEqual([0x78, 13, 10, 0, 255])
})

test('names without quotes and encoded file names are read', () => {
  const params = parse([
    '--b0',
    "Content-Disposition: form-data; name=file; filename*=utf-8''caf%C3%A9.jpg",
    'Content-Type: image/jpeg',
    '',
    'x',
    '--b0--',
  ])
  expect(params.file).toMatchObject({ filename: 'café.jpg', mimeType: 'image/jpeg' })
})

test('a form built by FormData is read', async () => {
  const form = new FormData()
  form.set('type', 'image/jpeg')
  form.set('file', new Blob(['bytes'], { type: 'image/jpeg' }), 'plan.jpg')
  const encoded = new Response(form)
  const params = multipartParams(Buffer.from(await encoded.arrayBuffer()), encoded.headers.get('content-type') as string)
  expect(params.type).toBe('image/jpeg')
  expect((params.file as UploadedFile).bytes.toString()).toBe('bytes')
})

test('a body that cannot be read has no members', () => {
  expect(parse(['nothing', 'here'])).toEqual({})
  expect(multipartParams(Buffer.from('x'), 'multipart/form-data')).toEqual({})
  expect(parse(['--b0', 'no disposition', '', 'x', '--b0--'])).toEqual({})
})
