import { expect, test } from 'vitest'
import { chosenFile } from './chosen-file.ts'

const MB = 1024 * 1024
function given(name: string, type: string, size = 10): File {
  const file = new File(['x'], name, { type })
  Object.defineProperty(file, 'size', { value: size })
  return file
}

test.for([
  ['a.png', 'image/png', 10, 'image', null],
  ['a.jpg', 'image/jpeg', 6 * MB, null, 'size'],
  ['a.heic', 'image/heic', 10, null, 'type'],
  ['a.webp', 'image/webp', 10, 'sticker', null],
  ['a.mp4', 'video/mp4', 10, 'video', null],
  ['a.ogg', 'audio/ogg', 10, 'audio', null],
  ['a.pdf', 'application/pdf', 99 * MB, 'document', null],
  ['a.pdf', 'application/pdf', 101 * MB, null, 'size'],
  ['a.csv', 'text/csv', 10, 'document', null],
  ['a.txt', '', 10, 'document', null],
  ['a.exe', 'application/x-msdownload', 10, null, 'type'],
  ['a.png', 'image/png', 0, null, 'empty'],
] as const)('%s of type %j with %i bytes becomes %s: %s', ([name, type, size, kind, problem]) => {
  expect(chosenFile(given(name, type, size))).toMatchObject({ kind, problem })
})
