import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { retiredWords } from './retired-words.ts'

const FILES = globSync('{services,shared,deploy,test}/**/*.{ts,mjs,js}', { cwd: ROOT }).filter(
  file => !file.startsWith('test/lint/') && !file.includes('fixtures'),
)

test('retired words are found, and kept names are not', () => {
  expect(retiredWords('The bell is rung again; linko.send-bell.v1 stays.')).toEqual(['bell', 'rung'])
  expect(retiredWords('const bellows = rungs.length')).toEqual([])
})

test('code and comments use the words of the glossary', () => {
  expect(FILES.length).toBeGreaterThan(500)
  const found = FILES.flatMap(file => {
    const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n')
    return lines.flatMap((line, i) => retiredWords(line).map(word => `${file}:${i + 1} ${word}`))
  })
  expect(found).toEqual([])
})
