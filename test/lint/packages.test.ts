import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

interface Package {
  version?: string
  integrity?: string
  resolved?: string
  /** Comes within the file of the package above it, and so within its hash. */
  inBundle?: boolean
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
const packages = Object.entries(lock.packages).filter(([name]) => name !== '')

test('every package of the lock file has its hash and names no registry', () => {
  expect(packages.length).toBeGreaterThan(300)
  const fetched = packages.filter(([, { inBundle }]) => !inBundle)
  expect(fetched.filter(([, { integrity = '' }]) => !/^sha512-.{88}$/.test(integrity)).map(([name]) => name)).toEqual([])
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([])
})

test('the lock file knows every package that another one may ask for, so that `npm ci` accepts it', () => {
  const missing = packages.flatMap(([from, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter(name => !isFound(from, name)),
  )
  expect(missing).toEqual([])
})

/** As Node looks for it: beside the package, then further up. */
function isFound(from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${folder}${folder && '/'}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

test('versions are exact, and those of the lock file', () => {
  const own = JSON.parse(read('package.json')) as Package
  for (const [name, version] of Object.entries({ ...own.dependencies, ...own.devDependencies }))
    expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version.replace(/^npm:.+@/, '')])
})

test('the images are made from the lock file', () => {
  expect(read('Dockerfile')).toMatch(/npm ci --omit=dev --ignore-scripts/)
  expect(read('Dockerfile')).not.toContain('npm install')
})

test('[OP-16] Node 20 is enough to begin, and brings the Node that runs the code', () => {
  const { engines, devDependencies } = JSON.parse(read('package.json')) as Package & { engines: { node: string } }
  expect([engines.node, devDependencies?.node]).toEqual(['>=20', expect.stringMatching(/^24\./)])
  expect(read('deploy/local/install.mjs')).not.toMatch(/from '(?!node:)/)
})

test('[OP-18] the licence is MIT', () => {
  expect((JSON.parse(read('package.json')) as { license: string }).license).toBe('MIT')
  expect(read('LICENSE')).toMatch(/^MIT License/)
})

test('[OP-19] Express, Mongoose, Socket.io and axios are used; Node reads .env files and crypto signs tokens', () => {
  const { dependencies = {} } = JSON.parse(read('package.json')) as Package
  const names = Object.keys(dependencies)
  expect(names).toEqual(expect.arrayContaining(['express', 'mongoose', 'socket.io', 'axios', 'zod', 'pino', 'helmet']))
  expect(names.filter(name => ['dotenv', 'jsonwebtoken', 'winston', 'joi', 'bullmq'].includes(name))).toEqual([])
})

test('[DC-08] the formatter writes no semicolons, single quotes and LF, and the linter is on', () => {
  expect(JSON.parse(read('biome.json'))).toMatchObject({
    formatter: { lineEnding: 'lf' },
    javascript: { formatter: { semicolons: 'asNeeded', quoteStyle: 'single' } },
    linter: { rules: { preset: 'recommended' } },
  })
})
