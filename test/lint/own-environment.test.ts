import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

/** Tests of vitest with their support; benches and trials have a `NODE_ENV` of their own. */
const files = globSync(['test/{integration,support,simulator}/**/*.ts', '{services,shared,deploy}/**/*.test.ts'], { cwd: ROOT })
const texts = files.map(file => [file, readFileSync(path.join(ROOT, file), 'utf8')] as const)

test('a test that starts a service starts it as the service of a test, which reads no file of the checkout', () => {
  const starting = texts.filter(([, text]) => /services\/\w+\/main\.ts/.test(text))
  expect(starting.length).toBeGreaterThan(3)
  expect(starting.filter(([, text]) => !text.includes("NODE_ENV: 'test'")).map(([file]) => file)).toEqual([])
})

test('a test that starts a receiver gives it a spool of its own', () => {
  const receivers = texts.filter(([, text]) => text.includes('services/ingest/main.ts'))
  const own = /INGEST_SPOOL_DIR|INGEST_ROLE: 'recorder'/
  expect(receivers.filter(([, text]) => !own.test(text)).map(([file]) => file)).toEqual([])
})

test('no test reads .env or .linko of the checkout', () => {
  const reads = /path\.join\(ROOT, '\.(env|linko)|loadEnvFile|readEnvironment\(\)/
  expect(texts.filter(([, text]) => reads.test(text)).map(([file]) => file)).toEqual([])
})
