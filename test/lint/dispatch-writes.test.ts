import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

/** The page of the send state: states are written with its functions and asked for with its filters. */
const PAGE = 'shared/domain/messages/dispatch.ts'

const STATE = `'(?:READY|TAKEN|WAITING|UNKNOWN)'`

/** `state` of other things: of a campaign's audience, of a template's submission. */
const OTHER_STATES = [
  'shared/store/campaigns/audience.ts',
  'services/gateway/templates/submit.ts',
  // Types:
  'shared/model/campaigns.ts',
  'shared/model/templates.ts',
  'shared/domain/templates/change.ts',
]

/** A schema says what there may be. */
const SCHEMA = 'shared/store/schemas/inbox.ts'

const RULES: { what: string; find: (source: string) => string[]; except: string[] }[] = [
  {
    what: 'a state in an object',
    find: source => matches(source, new RegExp(`\\bstate['"]?\\s*:[^,;\\n}]*?${STATE}`, 'g')),
    except: OTHER_STATES,
  },
  {
    what: 'a state in an assignment',
    find: source => matches(source, new RegExp(`\\bstate['"]?\\]?\\s*=(?!=)[^;\\n]*?${STATE}`, 'g')),
    except: [],
  },
  {
    // In an index or a projection it has a number, in a model's filter an operator.
    what: 'the field of the state with a value',
    find: source => matches(source, /['"`]dispatch\.state['"`]\s*:(?!\s*(?:-?1\b|trusted\(\{ \$exists))/g),
    except: [],
  },
  {
    what: 'a dispatch in a literal',
    find: source => matches(source, /\bdispatch\s*:\s*(?:null\b|\{)|\.dispatch\s*=\s*(?:null\b|\{)/g),
    except: [SCHEMA],
  },
  {
    what: 'a field of dispatch in a $set',
    find: source => setBlocks(source).flatMap(block => matches(block, /['"`]dispatch\.\w+['"`]/g)),
    except: [],
  },
]

const matches = (source: string, pattern: RegExp) => [...source.matchAll(pattern)].map(([text]) => text)

/** What stands between the braces of every `$set`, however it is given. */
function setBlocks(source: string): string[] {
  return [...source.matchAll(/\$set(?:OnInsert)?\b[^={\n;]*[:=]\s*\{/g)].map(({ 0: text, index }) => {
    const start = index + text.length
    let depth = 1
    let end = start
    for (; end < source.length && depth > 0; end++) depth += { '{': 1, '}': -1 }[source[end] as string] ?? 0
    return source.slice(start, end)
  })
}

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')

/** The dashboard writes no rows: states of other things have the same names there. */
const DASHBOARD = 'services/gateway/dashboard/'
const FILES = globSync('{shared,services}/**/*.ts', { cwd: ROOT }).filter(
  file => !file.endsWith('.test.ts') && file !== PAGE && !file.startsWith(DASHBOARD),
)
const SOURCES = FILES.map(file => ({ file, source: withoutComments(readFileSync(path.join(ROOT, file), 'utf8')) }))

test.for(RULES.map(rule => [rule.what, rule] as const))('%s stands on one page only', ([, { find, except }]) => {
  expect(SOURCES.length).toBeGreaterThan(300)
  const found = SOURCES.filter(({ file }) => !except.includes(file)).flatMap(({ file, source }) =>
    find(source).map(text => `${file}: ${text}`),
  )
  expect(found).toEqual([])
})

test.for([
  `{ state: 'READY', attempt: 0 }`,
  `{ ...ready, state: isDue ? ('READY' as const) : ('WAITING' as const) }`,
  `dispatch.state = 'TAKEN'`,
  `const state = 'TAKEN'\nreturn { ...dispatch, state }`,
  `{ $set: { 'dispatch.state': 'UNKNOWN' as const } }`,
  `{ $set: { 'dispatch.state': state } }`,
  `const filter = { tenantId, 'dispatch.state': { $in: ['READY'] } }`,
  `{ status: 'FAILED', dispatch: null }`,
  `fields.dispatch = null`,
  `{ dispatch: { ...before } }`,
  `const $set = { updatedAt, nested: { deep: 1 }, 'dispatch.nextStepAt': now }`,
  `const $set: Update = {\n  'dispatch.token': null,\n}`,
])('%j would be found', source => {
  expect(RULES.flatMap(({ find }) => find(source))).not.toEqual([])
})

test.for([
  `if (dispatch?.state === 'TAKEN') return`,
  `{ ...inState('READY'), 'dispatch.nextStepAt': { $lte: now } }`,
  `{ $set: { ...asUpdate(ready(now)), updatedAt: now }, $inc: { 'dispatch.attempt': 1 } }`,
  `{ 'dispatch.token': 1, 'dispatch.state': 1 }`,
  `{ status: 'FAILED', dispatch: ENDED }`,
  `{ projection: { dispatch: 1 } }`,
])('%j is well', source => {
  expect(RULES.flatMap(({ find }) => find(source))).toEqual([])
})

test('every exception is still needed', () => {
  const idle = RULES.flatMap(({ find, except }) =>
    except.filter(file => !SOURCES.some(one => one.file === file && find(one.source).length > 0)),
  )
  expect(idle).toEqual([])
})
