import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

const SRC = 'services/gateway/dashboard/src'
const files = globSync(`${SRC}/**/*.{ts,tsx}`, { cwd: ROOT }).sort()
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const isTest = (file: string) => /\.test\.tsx?$/.test(file) || file.startsWith(`${SRC}/test/`)

interface Import {
  file: string
  target: string
  isType: boolean
}

/** Imports of values and of types, by paths from the root; packages are left out. */
function importsOf(file: string): Import[] {
  const statements = read(file).matchAll(
    /(?:^|\n)(?:import|export)\s+(type\s)?[^'"]*?from\s*['"]((?:#|\.)[^'"]+)['"]|import\(\s*['"]((?:#|\.)[^'"]+)['"]\)/g,
  )
  return [...statements].map(([, type, name, lazy]) => {
    const given = (name ?? lazy) as string
    const target = given.startsWith('#') ? given.slice(1) : path.posix.normalize(path.posix.join(path.posix.dirname(file), given))
    return { file, target, isType: type !== undefined }
  })
}

const own = files.filter(file => !isTest(file))
const imports = own.flatMap(importsOf)
const shown = ({ file, target }: Import) => `${file} imports ${target}`

test('the dashboard is looked at', () => {
  expect(own.length).toBeGreaterThan(40)
  expect(imports.length).toBeGreaterThan(100)
})

/** What a folder may import beside itself. */
const MAY_KNOW: Record<string, string[]> = { lib: [], ui: ['lib'], features: ['lib', 'ui'], app: ['lib', 'ui', 'features'] }
const folderOf = (target: string) => target.slice(SRC.length + 1).split('/')[0] as string

test.for(Object.entries(MAY_KNOW))('%s knows only %j and itself', ([folder, known]) => {
  const inside = imports.filter(({ file, target }) => folderOf(file) === folder && target.startsWith(`${SRC}/`))
  // The ids of texts are types, gathered from all folders.
  const strangers = inside.filter(
    ({ target, isType }) => folderOf(target) !== folder && !known.includes(folderOf(target)) && !isType,
  )
  expect(strangers.map(shown)).toEqual([])
})

test('a page knows no other page', () => {
  const page = (target: string) => target.slice(SRC.length + 1).split('/')[1]
  const between = imports.filter(({ file, target }) => folderOf(file) === 'features' && target.startsWith(`${SRC}/features/`))
  expect(between.filter(({ file, target }) => page(file) !== page(target)).map(shown)).toEqual([])
})

test('nothing of the server gets into the browser: no zod, no module of Node', () => {
  const entries = imports.filter(({ target, isType }) => target.startsWith('shared/') && !isType).map(({ target }) => target)
  expect(entries.length).toBeGreaterThan(0)
  const reached = new Set<string>()
  const follow = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { target, isType } of importsOf(file)) if (!isType) follow(target)
  }
  for (const entry of entries) follow(entry)
  const foreign = [...reached].filter(file =>
    /\n?import (?!type)[^'"]*from '(zod|node:|mongoose|amqplib|ioredis|pino)/.test(read(file)),
  )
  expect(foreign).toEqual([])
})

/** Utilities that say left or right, and inline markup of styles. */
const SIDES =
  /(?<![\w-])(?:-?(?:ml|mr|pl|pr|left|right|border-[lr]|rounded-(?:[lr]|[tb][lr])|text-(?:left|right)|float-(?:left|right)|scroll-[mp][lr])(?:-[\w[(]|(?=["'\s])))/
const sidesIn = (source: string) =>
  [...source.matchAll(/className=(?:"([^"]*)"|\{([^}]*)\})|clsx\(([\s\S]*?)\)/g)].flatMap(
    ([, a = '', b = '', c = '']) => `${a} ${b} ${c}`.match(SIDES) ?? [],
  )

test('classes know start and end, never left and right', () => {
  expect(own.flatMap(file => sidesIn(read(file)).map(found => `${file}: ${found}`))).toEqual([])
})

test.for(['<p className="ml-2" />', '<p className="flex pr-[3px]" />', "clsx('text-left')", '<p className="two:left-0" />'])(
  '%s would be found',
  source => {
    expect(sidesIn(source)).not.toEqual([])
  },
)

test('nothing is written that the CSP would refuse or that could become markup', () => {
  const REFUSED =
    /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|setAttribute\('style'|\beval\(|new Function\(|document\.write/
  expect(own.filter(file => REFUSED.test(read(file)))).toEqual([])
  expect(read('services/gateway/dashboard/index.html')).not.toMatch(/ style=|<script(?![^>]* src=)|https?:/)
})

test('colours come from the tokens', () => {
  const raw = own.filter(file => /#[0-9a-f]{3,8}\b(?!\/)|\brgba?\(/i.test(read(file).replaceAll(/#shared[\w/.-]*/g, '')))
  expect(raw).toEqual([])
})
