import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

const PAGE = 'docs/promises.md'
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

interface Row {
  id: string
  state: string
  tests: { file: string; title: string }[]
  remark: string
}

const rows: Row[] = [...read(PAGE).matchAll(/^\| ([\w-]+) \| [^|]+ \| (yes|partly|no) \| ([^|]*) \| ([^|]*)\|$/gm)].map(
  ([, id = '', state = '', tests = '', remark = '']) => ({
    id,
    state,
    tests: [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
    remark: remark.trim(),
  }),
)
const named = rows.flatMap(({ id, tests }) => tests.map(({ file, title }) => [`${id}: ${title}`, file, title] as const))

/** Whether a test or a group of tests of the file has the title. */
const hasTitle = (source: string, title: string) =>
  ["'", '"', '`'].some(quote => source.replaceAll("\\'", "'").includes(`${quote}${title}${quote},`))

describe('docs/promises.md', () => {
  test.for(named)('%s', ([, file, title]) => {
    expect([file, existsSync(path.join(ROOT, file))]).toEqual([file, true])
    expect([title, hasTitle(read(file), title)]).toEqual([title, true])
  })

  test('has every row of the sections that it covers, once', () => {
    const series = (area: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${area}-${String(i + 1).padStart(2, '0')}`)
    const contract = [
      ...series('CV', 26),
      ...series('RL', 6),
      ...series('SE', 18),
      ...series('DB', 10),
      ...series('OP', 20),
      ...series('DC', 8),
    ]
    const ids = rows.map(({ id }) => id)
    expect(ids.filter(id => /^[A-Z]{2}-/.test(id))).toEqual(contract)
    expect(new Set(ids).size).toBe(ids.length)
    // Each line of a table is one that this test reads.
    expect(rows.length).toBe([...read(PAGE).matchAll(/^\| (?!row|---)/gm)].length)
  })

  test('names a test for what is true, and says what is missing where it is not', () => {
    expect(rows.filter(({ state, tests }) => state !== 'no' && tests.length === 0).map(({ id }) => id)).toEqual([])
    expect(rows.filter(({ state, tests }) => state === 'no' && tests.length > 0).map(({ id }) => id)).toEqual([])
    expect(rows.filter(({ state, remark }) => state !== 'yes' && remark === '').map(({ id }) => id)).toEqual([])
    expect(rows.filter(({ state, remark }) => state === 'yes' && remark.startsWith('Missing')).map(({ id }) => id)).toEqual([])
  })

  test('a title that no test has would be found', () => {
    expect(hasTitle("test('a is b', () => {})", 'a is b')).toBe(true)
    expect(hasTitle("test('a is b', () => {})", 'a is c')).toBe(false)
    expect(hasTitle("expect('a is b')", 'a is b')).toBe(false)
  })
})
