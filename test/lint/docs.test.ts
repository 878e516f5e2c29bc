import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

const FILES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]
const PATH = /(?<![\w/.@#-])(?:services|shared|deploy|test|docs)\/[\w./*<>-]*[\w/*>]/g

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const exists = (file: string) => existsSync(path.join(ROOT, file))
const isFound = (name: string) =>
  /[*<]/.test(name) ? globSync(name.replace(/<[^>]*>/g, '*'), { cwd: ROOT }).length > 0 : exists(name)

/** Paths of the repository in code spans and code blocks. `(new)` behind a span marks a file that a worked example proposes. */
function pathsOf(text: string): { name: string; isNew: boolean }[] {
  const blocks = text.split(/^ *```.*$/m)
  return blocks.flatMap((block, i) =>
    i % 2 === 1
      ? namesIn(block, false)
      : [...block.matchAll(/`([^`]+)`( \(new\))?/g)].flatMap(([, span, mark]) => namesIn(span as string, mark !== undefined)),
  )
}

const namesIn = (code: string, isNew: boolean) => [...code.matchAll(PATH)].map(([name]) => ({ name, isNew }))

/** Targets of relative links; those of the web are left out. */
const linksOf = (text: string) =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string).filter(target => !/^[a-z]+:/.test(target))

/** The anchor that GitHub gives a heading. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

function isBroken(file: string, target: string): boolean {
  const [name, anchor] = target.split('#') as [string, string | undefined]
  const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name)
  if (!exists(linked)) return true
  return anchor !== undefined && !anchorsOf(read(linked)).includes(anchor)
}

test('the documents name many paths', () => {
  expect(FILES.length).toBeGreaterThan(20)
  expect(FILES.flatMap(file => pathsOf(read(file))).length).toBeGreaterThan(100)
})

test.for(FILES)('%s: every path exists, but for those that an example proposes', file => {
  const paths = pathsOf(read(file))
  expect(paths.filter(({ name, isNew }) => !isNew && !isFound(name)).map(({ name }) => name)).toEqual([])
  expect(paths.filter(({ name, isNew }) => isNew && isFound(name)).map(({ name }) => name)).toEqual([])
})

test.for(FILES)('%s: every relative link leads somewhere', file => {
  expect(linksOf(read(file)).filter(target => isBroken(file, target))).toEqual([])
})

/** Words of old, which only the last column of the glossary explains. */
const RETIRED = /\b(bells?|rung|lanes?|chores|keeper|wish(es)?|threads?|seed 00\d)\b/gi

test('documents use the words of the glossary', () => {
  const texts = FILES.filter(file => file !== 'docs/glossary.md').map(file => [file, read(file)] as const)
  expect(texts.flatMap(([file, text]) => [...text.matchAll(RETIRED)].map(([word]) => `${file}: ${word}`))).toEqual([])
})
