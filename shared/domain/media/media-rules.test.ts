import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashMatches, parseRange, servingHeaders } from './media-rules.ts'

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

test('a hash is compared in base64 and in hex', () => {
  const hash = createHash('sha256').update('file').digest()
  expect([hash.toString('hex'), hash.toString('base64'), null].every(claimed => hashMatches(claimed, hash))).toBe(true)
  expect(hashMatches(createHash('sha256').update('other').digest('base64'), hash)).toBe(false)
})
