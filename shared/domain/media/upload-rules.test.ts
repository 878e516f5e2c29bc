import { expect, test } from 'vitest'
import { checkFile, type GivenFile, isAnimatedWebp, maxBytesOf } from './upload-rules.ts'

const MIB = 1024 * 1024
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const given = (size: number, claimed: string | null, found: string | null, isAnimated = false): GivenFile => ({
  size,
  claimed,
  found,
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
