import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { compileMessageOrThrow } from '@lingui/message-utils/compileMessage'
import { expect, test } from 'vitest'

const SRC = path.join(import.meta.dirname, '../src')
const LANGUAGES = ['en', 'fr', 'ar'] as const
type Text = Record<(typeof LANGUAGES)[number], string>

const files = globSync('**/texts.json', { cwd: SRC }).sort()
const textsOf = (file: string) => JSON.parse(readFileSync(path.join(SRC, file), 'utf8')) as Record<string, Text>
const texts = files.flatMap(file => Object.entries(textsOf(file)).map(([id, text]) => ({ file, id, text })))
const sources = globSync('**/*.{ts,tsx}', { cwd: SRC })
  .filter(file => !file.startsWith('test/') && !/\.test\.tsx?$/.test(file))
  .map(file => readFileSync(path.join(SRC, file), 'utf8'))
  .join('\n')

/** Ids that are put together from a closed set: the part before and the part behind the variable. */
const patterns = [...sources.matchAll(/`((?:app|ui|lib|inbox|signIn|[a-z]\w+)\.[\w.]*)\$\{[^}]+\}([\w.]*)`/g)].map(
  ([, before, after]) => new RegExp(`^${before?.replaceAll('.', '\\.')}\\w+${after?.replaceAll('.', '\\.')}$`),
)

test('there are texts', () => {
  expect(files.length).toBeGreaterThan(3)
  expect(texts.length).toBeGreaterThan(100)
})

test('every text is there once, in every language', () => {
  const ids = texts.map(({ id }) => id)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  const missing = texts.filter(
    ({ text }) => LANGUAGES.some(language => !text[language]?.trim()) || Object.keys(text).length !== LANGUAGES.length,
  )
  expect(missing.map(({ id }) => id)).toEqual([])
})

test('every text is used', () => {
  // Those of the server's sentences are of its keys (`server-texts.test.ts`).
  const unused = texts.filter(
    ({ file, id }) =>
      file !== 'lib/server/texts.json' &&
      !sources.includes(`'${id}'`) &&
      !sources.includes(`"${id}"`) &&
      !patterns.some(pattern => pattern.test(id)),
  )
  expect(unused.map(({ file, id }) => `${file}: ${id}`)).toEqual([])
})

test('every text is valid ICU, and says the same values in every language', () => {
  for (const { id, text } of texts) {
    const values = LANGUAGES.map(language => [...valuesOf(compileMessageOrThrow(text[language]))].sort().join())
    expect([id, ...values]).toEqual([id, values[0], values[0], values[0]])
  }
})

function valuesOf(tokens: unknown, found = new Set<string>()): Set<string> {
  if (!Array.isArray(tokens)) return found
  for (const token of tokens) {
    if (!Array.isArray(token)) continue
    found.add(String(token[0]))
    const choices = token[2]
    if (typeof choices === 'object' && choices !== null) for (const choice of Object.values(choices)) valuesOf(choice, found)
  }
  return found
}

/** `few` and `many` are asked for where Arabic counts; the exact forms `=0` … `=2` may stand for `zero`, `one`, `two`. */
test('Arabic plurals have all six forms', () => {
  const counting = texts.filter(({ text }) => /,\s*plural\s*,/.test(text.en))
  expect(counting.length).toBeGreaterThan(1)
  const FORMS = [/(\bzero|=0) \{/, /(\bone|=1) \{/, /(\btwo|=2) \{/, /\bfew \{/, /\bmany \{/, /\bother \{/]
  expect(counting.filter(({ text }) => !FORMS.every(form => form.test(text.ar))).map(({ id }) => id)).toEqual([])
})

test('texts speak plainly: no exclamation marks, no straight quotes, no “please”', () => {
  const loud = texts.filter(({ text }) =>
    LANGUAGES.some(language => /[!]|\bplease\b|\boops\b|successfully|(?<!\{)"|'/i.test(text[language])),
  )
  expect(loud.map(({ id }) => id)).toEqual([])
})
