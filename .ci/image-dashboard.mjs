// Builds the dashboard from the files that the image has for it, and from nothing else, with the packages that are installed here:
//   node .ci/image-dashboard.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { contextFiles, ignoreRules, imageFiles, readStages } from './image-context.mjs'

const root = path.join(import.meta.dirname, '..')
const dir = mkdtempSync(path.join(tmpdir(), 'linko-image-'))
try {
  const files = imageFiles(readStages(), 'dashboard', contextFiles(ignoreRules()))
  for (const file of files) cpSync(path.join(root, file), path.join(dir, file))
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'))
  const node = path.join(root, 'node_modules/.bin/node')
  const built = spawnSync(node, ['services/gateway/dashboard/build/build.ts', '--force'], { cwd: dir, encoding: 'utf8' })
  const isThere = built.status === 0 && existsSync(path.join(dir, 'services/gateway/dashboard/dist/index.html'))
  console.log(isThere ? `${files.size} files are enough` : `${built.stdout}${built.stderr}`)
  process.exitCode = isThere ? 0 : 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}
