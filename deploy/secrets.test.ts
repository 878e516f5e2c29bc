import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { readGatewayConfig } from '#services/gateway/config.ts'
import { readIngestConfig } from '#services/ingest/config.ts'
import { readRealtimeConfig } from '#services/realtime/config.ts'
import { readSenderConfig } from '#services/sender/config.ts'
import { ROOT } from '#shared/process/config.ts'
import { brokerDefinitions, readPasswords } from './broker-users.ts'
import { productionSettings } from './secrets.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'linko-secrets-'))
afterAll(() => rmSync(dir, { recursive: true }))

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['deploy/secrets.ts', ...args], { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env.PATH } })
const settings = () => parseEnv(productionSettings({ baseUrl: 'https://linko.example' })) as Record<string, string>

test('with the secret of the app the set starts every service in production', () => {
  const set = settings()
  const env = {
    ...set,
    ...{ META_APP_ID: '100200300400500', META_APP_SECRET: randomBytes(16).toString('hex') },
    ...{ MONGODB_URI: 'mongodb://mongodb/linko', REDIS_URL: 'redis://redis' },
  }
  const readers = { gateway: readGatewayConfig, ingest: readIngestConfig, sender: readSenderConfig, realtime: readRealtimeConfig }
  for (const [name, read] of Object.entries(readers)) {
    const RABBITMQ_URL = `amqp://linko-${name}:${set[`RABBITMQ_${name.toUpperCase()}_PASSWORD`]}@rabbitmq:5672`
    expect(() => read({ ...env, RABBITMQ_URL }), name).not.toThrow()
  }
  expect(brokerDefinitions(readPasswords(env)).users.map(({ name }) => name)).toHaveLength(6)
})

test('it has a value, or an empty place, for everything that docker-compose.yml asks for', () => {
  const asked = [...readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
  expect(asked.filter(name => !((name as string) in settings()))).toEqual([])
})

test('no two sets and no two secrets are alike', () => {
  const secrets = [settings(), settings()].flatMap(set =>
    Object.entries(set).filter(([name]) => /SECRET|KEY|TOKEN|PASSWORD/.test(name)),
  )
  const values = secrets.map(([, value]) => value).filter(Boolean)
  expect(new Set(values).size).toBe(values.length)
})

test('the file is for its owner only, and is never overwritten', { timeout: 60_000 }, () => {
  const file = path.join(dir, '.env')
  expect(run('--base-url', 'https://linko.example', '--file', file)).toMatchObject({ status: 0 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const before = readFileSync(file, 'utf8')
  const again = run('--base-url', 'https://linko.example', '--file', file)
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('not overwritten')])
  expect(readFileSync(file, 'utf8')).toBe(before)
})

test.for([[], ['--base-url', 'http://linko.example'], ['--base-url', 'linko.example']])(
  '%j is refused',
  { timeout: 60_000 },
  args => {
    expect(run(...args, '--file', path.join(dir, 'none'))).toMatchObject({ status: 1, stdout: '' })
  },
)

test('the passwords of the broker are hashed, and weak ones refused in production', () => {
  const set = settings()
  const text = JSON.stringify(brokerDefinitions(readPasswords(set)))
  expect(text).not.toContain(set.RABBITMQ_SENDER_PASSWORD)
  expect(text).not.toContain('guest')
  expect(() => readPasswords({ ...set, RABBITMQ_SENDER_PASSWORD: 'short' })).toThrow('RABBITMQ_SENDER_PASSWORD')
  expect(() => readPasswords({ ...set, RABBITMQ_SENDER_PASSWORD: set.RABBITMQ_INGEST_PASSWORD })).toThrow('same value')
  expect(() => readPasswords({ ...set, RABBITMQ_SENDER_PASSWORD: '' })).toThrow('RABBITMQ_SENDER_PASSWORD: is missing')
})
