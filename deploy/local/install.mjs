// `npm start` and `npm test` run this first: it installs the packages unless they are those of package-lock.json already, which
// saves the seconds that `npm install` takes to find out. It runs before anything is installed, so it is plain JavaScript for
// Node 20 and uses Node's own modules only.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What was installed last. Inside node_modules, so that it goes with it. */
const STAMP = path.join(ROOT, 'node_modules/.linko-installed')
/** The third one is npm's own list of what it has installed: an install by hand changes it. */
const FILES = ['package.json', 'package-lock.json', 'node_modules/.package-lock.json']

/** A text that changes with what is wanted and with what is installed; null when nothing is. */
function state() {
  const hash = createHash('sha256')
  for (const file of FILES) {
    const content = read(path.join(ROOT, file))
    if (content === null) return null
    hash.update(`${content.length} `).update(content)
  }
  return hash.digest('hex')
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function install() {
  // First, so that an interrupted install is repeated by the next start.
  rmSync(STAMP, { force: true })
  const command = 'npm install --no-audit --no-fund --loglevel=error'
  const { status } = spawnSync(command, { cwd: ROOT, stdio: 'inherit', shell: true })
  if (status !== 0) return status ?? 1
  const installed = state()
  if (installed !== null) writeFileSync(STAMP, installed)
  return 0
}

const wanted = state()
process.exit(wanted !== null && wanted === read(STAMP) ? 0 : install())
