import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/**
 * Builds the dashboard into `dist`, unless what lies there was made from the same sources: `node build.ts`. `--force` builds always.
 * The gateway serves `dist`; it is not committed.
 */
const ROOT = path.join(import.meta.dirname, '..')
const REPOSITORY = path.join(ROOT, '../../..')
const DIST = path.join(ROOT, 'dist')
const STAMP = path.join(DIST, '.sources')
/** What the build reads, from the root of the repository. */
const SOURCES = [
  'services/gateway/dashboard/{index.html,vite.config.ts,tsconfig.json}',
  'services/gateway/dashboard/{src,public,worker,build}/**/*.*',
  'shared/{contracts,realtime-client,auth,domain}/**/*.ts',
  'package-lock.json',
]
/** Smaller files gain nothing. */
const LEAST_BYTES = 1000
const MOST_TRIES = 20

const sources = hashOfSources()
if (process.argv.includes('--force') || !existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== sources) await buildAll()

function hashOfSources(): string {
  const files = globSync(SOURCES, { cwd: REPOSITORY })
    .filter(file => !/\.test\.tsx?$/.test(file))
    .sort()
  const hash = createHash('sha256')
  for (const file of files) {
    const content = readFileSync(path.join(REPOSITORY, file))
    hash.update(`${file} ${content.length} `).update(content)
  }
  return hash.digest('hex')
}

async function buildAll(): Promise<void> {
  // Whoever asks for it, a test too: React for development is three times as large.
  process.env.NODE_ENV = 'production'
  // Only now: it takes a while to load.
  const { build } = await import('vite')
  const outDir = path.join(ROOT, `dist.${process.pid}`)
  try {
    await build({ configFile: path.join(ROOT, 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
    for (const file of globSync('**/*.{js,css,html,svg,webmanifest}', { cwd: outDir })) compress(path.join(outDir, file))
    writeFileSync(path.join(outDir, '.sources'), sources)
    // In one step, so that nobody is served half of it.
    putInPlace(outDir)
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

/** Of builds at one moment one stays. What lay there is moved away first: a folder with files is not replaced. */
function putInPlace(outDir: string): void {
  const old = `${outDir}.old`
  for (let tries = 1; ; tries++) {
    rmSync(old, { recursive: true, force: true })
    if (existsSync(DIST)) moveAway(old)
    try {
      renameSync(outDir, DIST)
      rmSync(old, { recursive: true, force: true })
      return
    } catch (error) {
      if (tries === MOST_TRIES) throw error
    }
  }
}

/** Another build may have moved it in this moment. */
function moveAway(old: string): void {
  try {
    renameSync(DIST, old)
  } catch {
    // It is gone, which is as well.
  }
}

/** Compressed once here instead of at each request. */
function compress(file: string): void {
  const content = readFileSync(file)
  if (content.length < LEAST_BYTES) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }))
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }))
}
