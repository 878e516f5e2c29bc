import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The text of a file, by its path from the root of the checkout. */
export const read = file => readFileSync(path.join(ROOT, file), 'utf8')

// ── The build context: the checkout without what .dockerignore names ──

/** The rules of .dockerignore in order; the last one that matches a path or a folder above it decides. */
export function ignoreRules() {
  const lines = read('.dockerignore')
    .split('\n')
    .map(line => line.trim())
  return lines
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const keeps = line.startsWith('!')
      const pattern = path.posix.normalize(keeps ? line.slice(1).trim() : line).replace(/^\/|\/$/g, '')
      return { keeps, pattern, regex: patternRegex(pattern) }
    })
}

/** Docker's patterns: `*` and `?` stay within one name, `**` spans folders. */
function patternRegex(pattern) {
  const source = pattern.replace(/\*\*\/|\*\*|[*?]|[.+^${}()|\\]/g, token => {
    if (token === '**/') return '(?:.*/)?'
    if (token === '**') return '.*'
    if (token === '*') return '[^/]*'
    return token === '?' ? '[^/]' : `\\${token}`
  })
  return new RegExp(`^${source}(?:/.*)?$`)
}

const isIgnored = (rules, file) => rules.findLast(({ regex }) => regex.test(file))?.keeps === false

/** The files that the rules leave, by their paths from the root. */
export function contextFiles(rules, folder = '') {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    const file = path.posix.join(folder, entry.name)
    if (!entry.isDirectory()) return isIgnored(rules, file) ? [] : [file]
    const mayHoldKept = rules.some(({ keeps, pattern }) => keeps && (pattern.startsWith(`${file}/`) || pattern.startsWith('**')))
    return isIgnored(rules, file) && !mayHoldKept ? [] : contextFiles(rules, file)
  })
}

// ── The image: what the COPY lines of a target and of the stages below it take ──

/** The stages of the Dockerfile in order, each with its base and its COPY lines. @throws Error for what is not understood */
export function readStages() {
  const stages = []
  const instructions = read('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map(line => line.trim())
  for (const line of instructions) {
    const [instruction, ...words] = line.split(/\s+/)
    if (/^FROM$/i.test(instruction)) {
      const [base, , name = String(stages.length)] = words.filter(word => !word.startsWith('--'))
      stages.push({ name, base, copies: [] })
    }
    if (/^ADD$/i.test(instruction)) throw new Error(`Dockerfile: use COPY instead of "${line}".`)
    if (/^COPY$/i.test(instruction)) stages.at(-1)?.copies.push(readCopy(line, words))
  }
  return stages
}

function readCopy(line, words) {
  const paths = words.filter(word => !word.startsWith('--')).map(word => path.posix.normalize(word))
  if (words.some(word => word.startsWith('['))) throw new Error(`Dockerfile: the form of "${line}" is not understood.`)
  const isFromContext = !words.some(word => word.startsWith('--from='))
  return { line, isFromContext, sources: paths.slice(0, -1), destination: paths.at(-1) }
}

/** The files of a target by their path in the image below the work folder, which is their path in the checkout too. */
export function imageFiles(stages, target, context) {
  const stage = stages.find(({ name }) => name === target)
  if (stage === undefined) return new Set()
  const files = imageFiles(stages, stage.base, context)
  for (const copy of stage.copies.filter(({ isFromContext }) => isFromContext)) {
    for (const source of copy.sources) {
      const taken = takenBy(source, context)
      if (taken.length === 0) throw new Error(`Dockerfile: nothing in the build context matches "${source}" of "${copy.line}".`)
      const moved = taken.find(file => placeOf(file, source, copy.destination) !== file)
      if (moved !== undefined) throw new Error(`Dockerfile: "${copy.line}" gives ${moved} another path than in the checkout.`)
      for (const file of taken) files.add(file)
    }
  }
  return files
}

function takenBy(source, context) {
  if (source === '.' || source === './') return context
  const regex = patternRegex(source.replace(/\/$/, ''))
  return context.filter(file => regex.test(file))
}

/** A folder's content goes into the destination; a file takes its name, or keeps its own below a destination that ends in `/`. */
function placeOf(file, source, destination) {
  const isFile = file === source || source.includes('*')
  const name = isFile ? path.posix.basename(file) : path.posix.relative(source, file)
  const isFolder = !isFile || destination.endsWith('/') || destination === '.'
  return isFolder ? path.posix.join(destination, name) : destination
}
