import { expect, test } from 'vitest'
import { uploadName } from './upload.ts'

test.for([
  ['note.opus', 'audio/ogg', 'note.opus.ogg'],
  ['note.oga', 'audio/ogg', 'note.oga.ogg'],
  ['note.OGG', 'audio/ogg', 'note.OGG'],
  ['film.m4v', 'video/mp4', 'film.m4v.mp4'],
  ['6f1a', 'image/jpeg', '6f1a.jpg'],
  ['a"\r\n.pdf', 'application/pdf', 'a___.pdf'],
  ['liste.csv', 'text/plain', 'liste.csv'],
] as const)('%j as %s is uploaded as %s', ([filename, mimeType, expected]) => {
  expect(uploadName(filename, mimeType)).toBe(expected)
})
