import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

interface Import {
  file: string
  /** Of the root: `shared/domain/errors.ts`. */
  target: string
  isRelative: boolean
}

/** Every import of ours, by paths from the root; packages and Node's own modules are left out. */
function importsOf(pattern: string): Import[] {
  return globSync(pattern, { cwd: ROOT }).flatMap(file => {
    const names = [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/(?:from|import\()\s*'((?:#|\.)[^']+)'/g)]
    return names.map(([, name]) => ({ file, target: resolve(file, name as string), isRelative: name?.startsWith('.') === true }))
  })
}

const resolve = (file: string, name: string) =>
  name.startsWith('#') ? name.slice(1) : path.posix.normalize(path.posix.join(path.posix.dirname(file), name))

const shown = ({ file, target }: Import) => `${file} imports ${target}`
const isTest = ({ file }: Import) => file.endsWith('.test.ts')

test('services know shared and themselves, never each other', () => {
  const imports = importsOf('services/*/**/*.ts').filter(it => !isTest(it))
  expect(imports.length).toBeGreaterThan(50)
  const home = (file: string) => file.split('/').slice(0, 2).join('/')
  const strangers = imports.filter(({ file, target }) => !target.startsWith('shared/') && !target.startsWith(`${home(file)}/`))
  expect(strangers.map(shown)).toEqual([])
})

test('imports of another top folder are written from the root, with #', () => {
  const imports = importsOf('{services,shared,deploy,test}/**/*.ts')
  expect(imports.length).toBeGreaterThan(500)
  const top = (file: string) => file.split('/')[0]
  expect(imports.filter(({ file, target, isRelative }) => isRelative && top(file) !== top(target)).map(shown)).toEqual([])
})

test('deploy knows the product and itself, never tests', () => {
  const imports = importsOf('deploy/**/*.ts').filter(it => !isTest(it))
  expect(imports.length).toBeGreaterThan(50)
  const strangers = imports.filter(({ target }) => !/^(shared|deploy)\//.test(target))
  expect(strangers.map(shown)).toEqual([])
})

/** Files that lie directly in a folder, tests beside them not counted. */
const MOST_FILES = 25

test('no folder has grown past an overview', () => {
  const files = globSync('{services,shared,deploy,test}/**/*.{ts,mjs}', { cwd: ROOT }).filter(file => !file.endsWith('.test.ts'))
  const folders = Map.groupBy(files, file => path.posix.dirname(file))
  const crowded = [...folders]
    .filter(([, inside]) => inside.length > MOST_FILES)
    .map(([folder, inside]) => [folder, inside.length])
  expect(crowded).toEqual([])
})

test('what is shared knows neither services nor tests', () => {
  const imports = importsOf('shared/**/*.ts').filter(it => !isTest(it))
  expect(imports.length).toBeGreaterThan(50)
  expect(imports.filter(({ target }) => !target.startsWith('shared/')).map(shown)).toEqual([])
})

/** What a folder of shared/ may know beside itself. */
const MAY_KNOW: Record<string, string[]> = {
  domain: [],
  contracts: ['domain'],
  model: ['domain', 'contracts'],
  views: ['domain', 'contracts', 'model'],
  process: [],
  queue: ['domain', 'contracts', 'model', 'process'],
  limits: ['domain', 'contracts', 'process'],
  meta: ['domain', 'contracts', 'model', 'process', 'http'],
  storage: ['domain', 'process'],
  fold: ['domain', 'contracts', 'model', 'views', 'meta'],
  store: ['domain', 'contracts', 'model', 'views', 'process'],
  recording: ['domain', 'model', 'meta', 'queue', 'fold', 'store'],
  erasure: ['domain', 'contracts', 'meta', 'model', 'process', 'store', 'storage'],
  auth: ['domain', 'contracts', 'model', 'process', 'store'],
  'realtime-client': ['domain', 'contracts'],
  http: ['domain', 'contracts', 'model', 'process', 'auth', 'limits'],
}

const folderOf = (target: string) => target.split('/')[1] as string

test('every folder of shared/ has its place in the order', () => {
  const folders = new Set(globSync('shared/*/*.ts', { cwd: ROOT }).map(file => file.split('/')[1] as string))
  expect([...folders].filter(folder => !(folder in MAY_KNOW))).toEqual([])
})

test.for(Object.entries(MAY_KNOW))('shared/%s knows only %j and itself', ([folder, known]) => {
  const strangers = importsOf(`shared/${folder}/**/*.ts`)
    .filter(it => !isTest(it))
    .filter(({ target }) => !target.startsWith(`shared/${folder}/`) && !known.includes(folderOf(target)))
  expect(strangers.map(shown)).toEqual([])
})

test('services do not reach around the adapters to the servers', () => {
  const files = globSync('services/**/*.ts', { cwd: ROOT }).filter(file => !file.endsWith('.test.ts'))
  const reaching = files.filter(file => /from '(amqplib|mongodb|axios|undici)'/.test(readFileSync(path.join(ROOT, file), 'utf8')))
  expect(reaching).toEqual([])
})

/** mongoose, its models, and the driver's own collections: statements live in shared/store, ids in shared/model/ids.ts. */
const STATEMENTS =
  /\bmongoose\b|\.(models|raw|connection\.(db|collection|model|startSession))\b|\{[^{}]*\b(models|raw)\b[^{}]*\}\s*=/g

const statementsIn = (source: string) => source.match(STATEMENTS) ?? []

test('services hold no statement of MongoDB', () => {
  const files = globSync('services/**/*.ts', { cwd: ROOT })
  expect(files.length).toBeGreaterThan(100)
  const found = files.flatMap(file =>
    statementsIn(readFileSync(path.join(ROOT, file), 'utf8')).map(statement => `${file}: ${statement}`),
  )
  expect(found).toEqual([])
})

test.for([
  `import { Types } from 'mongoose'`,
  `import type { ClientSession } from 'mongoose'`,
  `await store.models.messages.findOne({ tenantId })`,
  `const { messages } = deps.store.models`,
  `const { models } = store`,
  `const { connection, raw: rows } = deps.store`,
  `await deps.store.raw.messages.insertOne(row)`,
  `store.connection.db.collection('messages')`,
])('%s would be found', source => {
  expect(statementsIn(source)).not.toEqual([])
})
