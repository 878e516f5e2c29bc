import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { chooseSettings, reachable, writeDemoEnv } from './demo-env.ts'

const URI = 'mongodb://127.0.0.1:27017/linko?replicaSet=linko&appName=a'
const urls = { mongodb: URI, rabbitmq: 'amqp://r', redis: 'redis://r' }
let dir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'linko demo-'))
  file = path.join(dir, 'demo.env')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true })
})

const write = async () => writeDemoEnv(file, await chooseSettings(file), urls)

test('secrets are generated once and kept, readable by the owner only', async () => {
  const first = await write()
  const second = await write()
  expect(first.JWT_SECRET).toHaveLength(64)
  expect(first.META_APP_SECRET).not.toBe(first.META_WEBHOOK_VERIFY_TOKEN)
  for (const name of ['JWT_SECRET', 'META_APP_SECRET', 'META_WEBHOOK_VERIFY_TOKEN', 'TOKEN_ENCRYPTION_KEY'])
    expect(second[name]).toBe(first[name])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('settings of the environment win and are written to the file', async () => {
  vi.stubEnv('JWT_SECRET', 'given-secret')
  vi.stubEnv('GATEWAY_PORT', '4321')
  vi.stubEnv('RATE_LIMIT_API', '5/min')
  vi.stubEnv('LINKO_UNKNOWN', 'not ours')
  const env = await write()
  expect(env).toMatchObject({ JWT_SECRET: 'given-secret', GATEWAY_PORT: '4321', PORT: '4321', RATE_LIMIT_API: '5/min' })
  expect(env).toMatchObject({ BASE_URL: 'http://127.0.0.1:4321', CORS_ORIGIN: 'http://127.0.0.1:4321' })
  expect(env.LINKO_UNKNOWN).toBeUndefined()
})

test('Node and a shell read the same from the file', async () => {
  const env = await write()
  expect(parseEnv(readFileSync(file, 'utf8'))).toEqual(env)
  const script = '. "$0"; printf "%s\\n%s" "$MONGODB_URI" "$INGEST_SPOOL_DIR"'
  expect(execFileSync('sh', ['-c', script, file], { encoding: 'utf8' })).toBe(`${URI}\n${env.INGEST_SPOOL_DIR}`)
  expect(env.INGEST_SPOOL_DIR).toContain(' ')
})

test('every process has its own port', async () => {
  const env = await write()
  const ports = ['GATEWAY_PORT', 'INGEST_PORT', 'REALTIME_PORT', 'SENDER_PORT', 'SIMULATOR_PORT'].map(name => env[name])
  expect(new Set(ports).size).toBe(5)
})

test.for([
  [undefined, '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['192.0.2.7', '192.0.2.7'],
])('a server on %s is reached at %s', ([host, address]) => {
  expect(reachable(host)).toBe(address)
})
