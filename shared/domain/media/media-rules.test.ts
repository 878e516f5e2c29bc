import { createHash } from 'node:crypto'
import { OutgoingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { bareType, hashMatches, parseRange, receivedType, servingHeaders, storedType } from './media-rules.ts'

test.for<[string | undefined, ReturnType<typeof parseRange>]>([
  [undefined, null],
  ['bytes=0-99', { start: 0, end: 99 }],
  ['bytes=900-', { start: 900, end: 999 }],
  ['bytes=-100', { start: 900, end: 999 }],
  ['bytes=-5000', { start: 0, end: 999 }],
  ['bytes=0-9999', { start: 0, end: 999 }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=5-2', null],
  ['bytes=0-1,5-6', null],
  ['bytes=-', null],
  ['items=0-1', null],
])('range %s of 1000 bytes is %j', ([header, range]) => {
  expect(parseRange(header, 1000)).toEqual(range)
})

test('pictures are shown in the page, documents and active content are downloaded', () => {
  expect(servingHeaders('image/png', null)['content-disposition']).toBe('inline')
  expect(servingHeaders('application/pdf', 'CV “final”.pdf')).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': "attachment; filename*=UTF-8''CV%20%E2%80%9Cfinal%E2%80%9D.pdf",
  })
  expect(servingHeaders('image/svg+xml', null)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment',
  })
})

test.for<[string, string]>([
  ['image/pn\u2028g', 'ü.png'],
  ['image/png\nX: y', 'a\r\nSet-Cookie: a=b'],
  ['image/png\0', 'a\ud800.png'],
  ['video/é', '../../etc/passwd'],
  ['image/x"y', '\u202egnp.exe'],
  ['', ''],
])('the type %j and the name %j of an old row make no header that node refuses', ([mimeType, filename]) => {
  const message = new OutgoingMessage()
  for (const [name, value] of Object.entries(servingHeaders(mimeType, filename))) message.setHeader(name, value)
  expect(message.getHeader('content-type')).toBe('application/octet-stream')
  expect(message.getHeader('content-disposition')).toMatch(/^attachment(; filename\*=UTF-8''[\w%.-]+)?$/)
})

test('what is no MIME type is not stored as one', () => {
  expect(['Image/JPEG; x=y', 'image', 'image/', 'a/b/c', 'text/ht\u2028ml'].map(bareType)).toEqual([
    'image/jpeg',
    null,
    null,
    null,
    null,
  ])
  expect(['audio/ogg; codecs=opus', 'audio/ogg; a=\n', 'nothing'].map(storedType)).toEqual(['audio/ogg; codecs=opus', null, null])
})

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

test.for<[string | null, string | null, string]>([
  ['video/mp4', 'video/x-m4v', 'video/mp4'],
  ['audio/aac', 'audio/x-m4a', 'audio/mp4'],
  ['audio/opus', 'audio/ogg; codecs=opus', 'audio/ogg'],
  ['audio/ogg; codecs=opus', 'audio/ogg; codecs=opus', 'audio/ogg'],
  ['image/jpeg', 'image/png', 'image/png'],
  ['image/jpeg', 'application/pdf', 'application/pdf'],
  ['image/png', 'image/svg+xml', 'image/svg+xml'],
  ['application/octet-stream', DOCX, DOCX],
  ['application/zip', DOCX, DOCX],
  [DOCX, 'application/zip', DOCX],
  [DOCX, 'application/x-cfb', DOCX],
  ['application/vnd.oasis.opendocument.text', 'application/zip', 'application/vnd.oasis.opendocument.text'],
  ['application/msword', 'application/x-cfb', 'application/msword'],
  ['application/pdf', 'application/zip', 'application/zip'],
  ['text/plain', null, 'text/plain'],
  [null, 'image/png', 'image/png'],
  [null, null, 'application/octet-stream'],
])("a customer's file that is called %s and is %s is kept as %s", ([label, found, type]) => {
  expect(receivedType(label, found)).toBe(type)
})

test('a hash is compared in base64 and in hex', () => {
  const hash = createHash('sha256').update('file').digest()
  expect([hash.toString('hex'), hash.toString('base64'), null].every(claimed => hashMatches(claimed, hash))).toBe(true)
  expect(hashMatches(createHash('sha256').update('other').digest('base64'), hash)).toBe(false)
})
