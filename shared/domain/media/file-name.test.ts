import { expect, test } from 'vitest'
import { fileNameOf } from './file-name.ts'

test.for([
  ['[F52] a path is left out', '../../etc/passwd', 'passwd'],
  ['a path of Windows is left out', 'C:\\Users\\salma\\cv.pdf', 'cv.pdf'],
  ['line breaks are left out', 'a"\r\nX-Evil: 1.txt', 'a"X-Evil: 1.txt'],
  ['separators of lines and paragraphs are left out', 'a\u2028b\u2029.pdf', 'ab.pdf'],
  ['a direction that hides the ending is left out', 'invoice\u202efdp.exe', 'invoicefdp.exe'],
  ['NUL is left out', 'a\0.pdf', 'a.pdf'],
  ['half a character is replaced', 'a\ud800.pdf', 'a\ufffd.pdf'],
  ['other scripts and emoji stay', 'السيرة 👩‍💻.pdf', 'السيرة 👩‍💻.pdf'],
  ['dots alone are no name', '..', null],
  ['a folder is no name', 'a/', null],
  ['nothing is no name', '', null],
  ['nothing given is no name', null, null],
] as const)('%s', ([, given, expected]) => {
  expect(fileNameOf(given)).toBe(expected)
})

test('a long name keeps its ending and whole characters', () => {
  const name = fileNameOf(`${'👩'.repeat(200)}.pdf`) as string
  expect([name.length <= 240, name.endsWith('👩.pdf'), name.isWellFormed()]).toEqual([true, true, true])
})
