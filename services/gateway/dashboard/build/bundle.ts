import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

/**
 * What a visitor loads for each page: `node services/gateway/dashboard/build/bundle.ts` prints it for the build in `dist`. Sizes are kB
 * of script, as gzip sends it.
 */
export const DIST = path.join(import.meta.dirname, '../dist')

/** Script of the first load of the inbox, all of it (kB). */
export const MOST_OF_INBOX = 190
/** Script of any page beyond what is on every page (kB). */
export const MOST_OF_PAGE = 120

/** The list with an open conversation, without what floats above: its chunk is fetched beside that of the page. */
const OPEN_CONVERSATION = 'src/features/inbox/thread/thread-pane.tsx'

/** A chunk, as Vite's manifest has it. */
interface Chunk {
  file: string
  isEntry?: boolean
  /** Chunks that are loaded with it. */
  imports?: string[]
}
export type Manifest = Record<string, Chunk>

export interface PageSize {
  /** Folder of the page, and which of its pages: `campaigns, one`. */
  page: string
  /** All that is loaded when it is opened first (kB). */
  whole: number
  /** What it adds to what is on every page (kB). */
  beyondShell: number
}

/**
 * Pages by what they load: their chunk, all that it imports, and their texts in one language.
 * @param sizeOf kB of a file
 */
export function sizesOf(manifest: Manifest, sizeOf: (file: string) => number): PageSize[] {
  const keys = Object.keys(manifest)
  const shell = closure(manifest, [...keys.filter(key => manifest[key]?.isEntry), ...textsOf(keys, ['app', 'lib', 'ui'])])
  const weigh = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + sizeOf(file), 0)
  const sizeWith = (page: string, own: string[]): PageSize => {
    const whole = new Set([...shell, ...closure(manifest, own)])
    return { page, whole: weigh(whole), beyondShell: weigh([...whole].filter(file => !shell.has(file))) }
  }
  const ownOf = (key: string) => [key, ...textsOf(keys, [`features/${folderOf(key)}`])]
  const pages = keys.filter(key => PAGE.test(key)).map(key => sizeWith(nameOf(key), ownOf(key)))
  const inbox = keys.filter(key => PAGE.test(key) && folderOf(key) === 'inbox').flatMap(ownOf)
  const withThread = [...inbox, OPEN_CONVERSATION, ...textsOf(keys, ['features/inbox/message'])]
  return [...pages, sizeWith('inbox, a conversation', withThread)].toSorted((a, b) => b.whole - a.whole)
}

/** `src/features/campaigns/one-page.tsx`: a folder may have several pages. */
const PAGE = /^src\/features\/([\w-]+)\/(?:[\w-]+\/)*([\w-]+-)?page\.tsx$/
const folderOf = (key: string) => PAGE.exec(key)?.[1] ?? ''
const nameOf = (key: string) => [folderOf(key), PAGE.exec(key)?.[2]?.slice(0, -1)].filter(Boolean).join(', ')

/** Texts of folders, in English; the other languages are as large. */
const textsOf = (keys: string[], folders: string[]) =>
  keys.filter(key => folders.some(folder => key.includes('texts-en:') && key.endsWith(`/src/${folder}/texts`)))

/** Files of chunks and of all that they import. */
function closure(manifest: Manifest, keys: string[]): Set<string> {
  const reached = new Set<string>()
  const follow = (key: string) => {
    const chunk = manifest[key]
    if (chunk === undefined || reached.has(chunk.file)) return
    reached.add(chunk.file)
    chunk.imports?.forEach(follow)
  }
  keys.forEach(follow)
  return new Set([...reached].filter(file => file.endsWith('.js')))
}

export const readManifest = (): Manifest => JSON.parse(readFileSync(path.join(DIST, '.vite/manifest.json'), 'utf8')) as Manifest

/** kB of a built file, as gzip sends it. */
export const gzipped = (file: string): number => gzipSync(readFileSync(path.join(DIST, file)), { level: 9 }).length / 1000

if (process.argv[1] === import.meta.filename) {
  if (!existsSync(DIST)) throw new Error('Nothing is built yet: `npm run build`')
  const shown = (kB: number) => kB.toFixed(1).padStart(7)
  console.log('first load   beyond shell   page')
  for (const { page, whole, beyondShell } of sizesOf(readManifest(), gzipped))
    console.log(`${shown(whole)} kB  ${shown(beyondShell)} kB     ${page}`)
  const chunks = globSync('assets/*.js', { cwd: DIST }).map(file => [gzipped(file), file] as const)
  console.log('\nlargest chunks')
  for (const [kB, file] of chunks.toSorted(([a], [b]) => b - a).slice(0, 12)) console.log(`${shown(kB)} kB  ${file}`)
}
