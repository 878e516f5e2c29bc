import { expect, test } from 'vitest'
import { checkFile, type GivenFile, isAnimatedWebp, maxBytesOf } from './upload-rules.ts'

const MIB = 1024 * 1024
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const given = (
  size: number,
  claimed: string | null,
  found: string | null,
  isAnimated = false,
  filename: string | null = null,
): GivenFile => ({
  size,
  claimed,
  found,
  filename,
  isAnimated,
})

test.for<[GivenFile, string, string]>([
  [given(5 * MIB, 'image/jpeg', 'image/jpeg'), 'image', 'image/jpeg'],
  [given(16 * MIB, 'video/mp4', 'video/mp4'), 'video', 'video/mp4'],
  [given(16 * MIB, 'audio/x-m4a', 'audio/x-m4a'), 'audio', 'audio/mp4'],
  [given(100 * MIB, 'application/pdf', 'application/pdf'), 'document', 'application/pdf'],
  [given(100 * 1024, 'image/webp', 'image/webp'), 'sticker', 'image/webp'],
  [given(500 * 1024, 'image/webp', 'image/webp', true), 'sticker', 'image/webp'],
  [given(1, 'application/octet-stream', 'image/png'), 'image', 'image/png'],
  [given(1, 'image/jpg; name=x', 'image/jpeg'), 'image', 'image/jpeg'],
  [given(1, 'audio/ogg; codecs=opus', 'audio/ogg; codecs=opus'), 'audio', 'audio/ogg'],
  [given(1, 'text/plain', null), 'document', 'text/plain'],
  [given(1, DOCX, 'application/zip'), 'document', DOCX],
  [given(1, 'application/msword', 'application/x-cfb'), 'document', 'application/msword'],
  // By what is in them, when nobody says what they are.
  [given(1, 'application/octet-stream', DOCX), 'document', DOCX],
  [given(1, 'application/x-zip-compressed', DOCX, false, 'report.docx'), 'document', DOCX],
  [given(1, '', 'application/zip', false, 'report.DOCX'), 'document', DOCX],
  [given(1, 'application/octet-stream', 'application/x-cfb', false, 'list.xls'), 'document', 'application/vnd.ms-excel'],
  [given(1, 'application/octet-stream', 'application/x-cfb', false, 'secret.docx'), 'document', DOCX],
  [given(1, DOCX, 'application/x-cfb', false, 'secret.docx'), 'document', DOCX],
  [given(1, 'application/msword', DOCX, false, 'report.docx'), 'document', DOCX],
  [given(1, 'application/octet-stream', null, false, 'notes.txt'), 'document', 'text/plain'],
  [given(1, 'text/csv', null, false, 'list.csv'), 'document', 'text/plain'],
  [given(1, 'application/vnd.ms-excel', null, false, 'list.csv'), 'document', 'text/plain'],
  // Brands of the MP4 container.
  [given(1, 'video/mp4', 'video/x-m4v'), 'video', 'video/mp4'],
  [given(1, 'video/x-m4v', 'video/x-m4v'), 'video', 'video/mp4'],
  [given(1, 'application/octet-stream', 'video/x-m4v'), 'video', 'video/mp4'],
  [given(1, 'audio/aac', 'audio/x-m4a'), 'audio', 'audio/mp4'],
  [given(1, 'audio/mp4', 'video/mp4'), 'audio', 'audio/mp4'],
  // Ogg with Opus, whatever it is called.
  [given(1, 'audio/opus', 'audio/ogg; codecs=opus'), 'audio', 'audio/ogg'],
  [given(1, 'application/ogg', 'audio/ogg; codecs=opus'), 'audio', 'audio/ogg'],
  [given(1, 'application/octet-stream', 'audio/ogg; codecs=opus'), 'audio', 'audio/ogg'],
])('%j is sent as %s', ([file, kind, mimeType]) => {
  expect(checkFile(file)).toEqual({ kind, mimeType })
})

test.for<[GivenFile, number, string]>([
  [given(5 * MIB + 1, 'image/jpeg', 'image/jpeg'), 413, 'MEDIA_TOO_LARGE'],
  [given(16 * MIB + 1, 'video/mp4', 'video/mp4'), 413, 'MEDIA_TOO_LARGE'],
  [given(16 * MIB + 1, 'audio/mpeg', 'audio/mpeg'), 413, 'MEDIA_TOO_LARGE'],
  [given(100 * MIB + 1, 'application/pdf', 'application/pdf'), 413, 'MEDIA_TOO_LARGE'],
  [given(100 * 1024 + 1, 'image/webp', 'image/webp'), 413, 'MEDIA_TOO_LARGE'],
  [given(500 * 1024 + 1, 'image/webp', 'image/webp', true), 413, 'MEDIA_TOO_LARGE'],
  [given(0, 'image/jpeg', null), 422, 'MEDIA_EMPTY'],
  [given(1, 'image/jpeg', 'image/png'), 422, 'MEDIA_TYPE_MISMATCH'],
  [given(1, 'image/jpeg', null), 422, 'MEDIA_TYPE_MISMATCH'],
  [given(1, 'text/plain', 'application/pdf'), 422, 'MEDIA_TYPE_MISMATCH'],
  [given(1, 'audio/ogg', 'audio/ogg'), 422, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'image/gif', 'image/gif'), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'text/html', null), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, null, 'image/svg+xml'), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, null, null), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'application/octet-stream', 'application/zip', false, 'all.zip'), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'application/octet-stream', 'application/x-cfb', false, 'mail.msg'), 415, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'audio/opus', 'audio/ogg'), 422, 'MEDIA_TYPE_NOT_ALLOWED'],
  [given(1, 'application/vnd.ms-excel', null, false, 'list.xls'), 422, 'MEDIA_TYPE_MISMATCH'],
])('%j is refused: %d %s', ([file, status, errorCode]) => {
  expect(checkFile(file)).toMatchObject({ kind: 'refused', status, errorCode })
})

test('the largest size depends on the type', () => {
  expect([maxBytesOf('image/png'), maxBytesOf('video/mp4'), maxBytesOf(null)]).toEqual([5 * MIB, 16 * MIB, 100 * MIB])
})

test('an animated WebP is recognised', () => {
  const webp = (chunk: string, flags: number) => Buffer.from(`RIFF....WEBP${chunk}....${String.fromCharCode(flags)}`, 'latin1')
  expect([isAnimatedWebp(webp('VP8X', 0x02)), isAnimatedWebp(webp('VP8X', 0x10)), isAnimatedWebp(webp('VP8 ', 0x02))]).toEqual([
    true,
    false,
    false,
  ])
})
