import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** An npm that notes its call, and installs unless the file `refuse` is there. */
const NPM = `#!/bin/sh
echo "$@" >> calls
mkdir -p node_modules
test -e refuse && exit 7
cat package-lock.json > node_modules/.package-lock.json
`
let dir: string
const file = (name: string) => path.join(dir, name)

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'linko install-'))
  for (const folder of ['bin', 'deploy/local']) mkdirSync(file(folder), { recursive: true })
  copyFileSync(path.join(import.meta.dirname, 'install.mjs'), file('deploy/local/install.mjs'))
  writeFileSync(file('bin/npm'), NPM, { mode: 0o755 })
  writeFileSync(file('package.json'), '{}')
  writeFileSync(file('package-lock.json'), 'lock of main')
})
afterEach(() => rmSync(dir, { recursive: true }))

/** @returns exit code, and how often npm has been called so far */
function install(): [number | null, number] {
  const env = { ...process.env, PATH: `${file('bin')}:${process.env.PATH}` }
  const { status } = spawnSync(process.execPath, ['deploy/local/install.mjs'], { cwd: dir, env })
  return [status, existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8').trim().split('\n').length : 0]
}

test('an empty clone is installed, and not again while nothing changes', () => {
  expect([install(), install(), install()]).toEqual([
    [0, 1],
    [0, 1],
    [0, 1],
  ])
  expect(readFileSync(file('calls'), 'utf8')).toMatch(/^install /)
})

test.for([
  ['another branch has other packages', () => writeFileSync(file('package-lock.json'), 'lock of a branch')],
  ['package.json has changed', () => writeFileSync(file('package.json'), '{ "dependencies": {} }')],
  ['somebody has installed others by hand', () => writeFileSync(file('node_modules/.package-lock.json'), 'fewer')],
  ['node_modules was removed', () => rmSync(file('node_modules'), { recursive: true })],
] as const)('%s: it is installed again', ([, change]) => {
  install()
  change()
  expect([install(), install()]).toEqual([
    [0, 2],
    [0, 2],
  ])
})

test('an install that failed ends with its code and is repeated, also when the files are as before', () => {
  install()
  writeFileSync(file('package-lock.json'), 'lock of a branch')
  writeFileSync(file('refuse'), '')
  expect(install()).toEqual([7, 2])
  writeFileSync(file('package-lock.json'), 'lock of main')
  rmSync(file('refuse'))
  expect([install(), install()]).toEqual([
    [0, 3],
    [0, 3],
  ])
})
