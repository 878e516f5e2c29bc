import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { hashOf, LEAST_PASSWORD, weaknessOf } from '#shared/process/secrets.ts'

const FILES = globSync(
  ['docker-compose.yml', '.env.example', '*.md', 'docs/**/*.md', 'deploy/**/*', '{services,shared,test}/**/*.{ts,json}'],
  { cwd: ROOT, exclude: name => name.includes('node_modules') },
).filter(file => /\.\w+$/.test(file))

/** A setting or constant whose name says that it is secret, with its value. */
const NAMED = /\b\w*(?:SECRET|PASSWORD|PASS|TOKEN|ENCRYPTION_KEY)\w*['"]?\s*[:=]-?\s*(?:\$\{\w+:-)?(['"`]?)([^\s'"`},;]{8,})\1/g
const NAMED_IN_CODE =
  /\b\w*(?:[sS]ecret|[pP]assword|accessToken|verifyToken|SECRET|PASSWORD|TOKEN|_KEY)\w*['"]?\s*[:=][^'"`\n]{0,40}(['"`])([^'"`\n]{8,})\1/g
/** User and password of an address. */
const IN_ADDRESS = /\b(?:amqps?|mongodb|rediss?):\/\/[\w-]*:()([\w.-]+)@/g

/** Values that stand in files of this repository where secrets stand; placeholders, paths, sentences and code are left out. */
function valuesOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const pattern = /\.(ts|mjs|json)$/.test(file) ? NAMED_IN_CODE : NAMED
  const values = [...text.matchAll(pattern), ...text.matchAll(IN_ADDRESS)].map(([, , value]) => value as string)
  return values.filter(value => !/[${}<>()[\]\\]|^[/#]|[.,:]$|^v1:|\bid:hex/.test(value))
}

const values = new Map(FILES.flatMap(file => valuesOf(file).map(value => [value, file] as const)))

test('the compose file, the demo, the tests and the benchmarks have secrets', () => {
  const files = new Set(values.values())
  expect([...files].filter(file => file.startsWith('test/')).length).toBeGreaterThan(3)
  expect(values.has('laptop-only-secret-of-at-least-thirty-two-bytes')).toBe(true)
  expect(values.has('the-benchmarks-own-secret-of-32-bytes!')).toBe(true)
  expect(values.has('EAADemoTenantAToken')).toBe(true)
})

test('production refuses every secret that stands in this repository', () => {
  // No secret may have fewer characters than that.
  const accepted = [...values].filter(([value]) => weaknessOf(value, LEAST_PASSWORD) === null)
  // Add the hash to shared/process/known-values.ts.
  expect(accepted.map(([value, file]) => `${file}: ${value} '${hashOf(value)}'`)).toEqual([])
})

test('a secret that is made of one byte is refused without being listed', () => {
  expect(weaknessOf('11'.repeat(32), 64)).not.toBeNull()
})
