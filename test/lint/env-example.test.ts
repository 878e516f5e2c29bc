import { globSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const namesIn = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, name]) => name as string))

const documented = namesIn(read('.env.example'), /^# ([A-Z][A-Z0-9_]+)=/gm)
const schemas = [
  'shared/process/config.ts',
  'deploy/simulator/config.ts',
  ...readdirSync(path.join(ROOT, 'services')).map(configOf),
]

function configOf(service: string): string {
  return `services/${service}/config.ts`
}

test('every variable that a service reads stands in .env.example', () => {
  const used = schemas.flatMap(file => [...namesIn(read(file), /^ {2}([A-Z][A-Z0-9_]+):/gm)])
  expect(used.length).toBeGreaterThan(30)
  expect(used.filter(name => !documented.has(name))).toEqual([])
})

test('every variable of the contract stands in .env.example', () => {
  const contract = [
    ['NODE_ENV', 'BASE_URL', 'DASHBOARD_URL', 'SOCKET_URL', 'CORS_ORIGIN', 'HOST', 'TRUST_PROXY', 'LOG_LEVEL'],
    ['PORT', 'GATEWAY_PORT', 'INGEST_PORT', 'REALTIME_PORT', 'SENDER_PORT', 'SIMULATOR_PORT'],
    ['MONGODB_URI', 'RABBITMQ_URL', 'REDIS_URL'],
    ['META_APP_ID', 'META_APP_SECRET', 'META_CONFIG_ID', 'META_API_VERSION', 'META_GRAPH_URL', 'META_DIALOG_URL'],
    ['META_MEDIA_HOSTS', 'META_WEBHOOK_VERIFY_TOKEN', 'WHATSAPP_VERIFY_TOKEN', 'WHATSAPP_APP_SECRET'],
    ['WHATSAPP_ACCESS_TOKEN', 'WHATSAPP_PHONE_NUMBER_ID', 'WHATSAPP_WABA_ID'],
    ['TOKEN_ENCRYPTION_KEY', 'TOKEN_ENCRYPTION_KEYS', 'JWT_SECRET', 'JWT_ACCESS_TTL', 'JWT_REFRESH_TTL'],
    ['TRUSTED_GATEWAY_SECRET', 'JOB_RUNNER_ENABLED', 'JOB_RUNNER_INTERVAL_MS', 'INGEST_ROLE', 'INGEST_SPOOL'],
    ['INGEST_SPOOL_DIR', 'INGEST_SPOOL_MAX_MB', 'SEND_UNKNOWN_DEADLINE', 'SOCKET_TRANSPORTS', 'S3_BUCKET'],
    ['RATE_LIMIT_API', 'RATE_LIMIT_AUTH', 'RATE_LIMIT_MESSAGES'],
  ].flat()
  expect(contract.filter(name => !documented.has(name))).toEqual([])
})

/** Files that only pass settings on, or list them. */
const PASSING_ON =
  /^(deploy\/local\/demo-env|deploy\/secrets|shared\/process\/(production|secrets))\.ts$|\.test\.ts$|known-values/

test('[surprise 18] no variable stands in .env.example that nobody reads', () => {
  const files = globSync(['services/**/*.ts', 'shared/**/*.ts', 'deploy/**/*.ts'], { cwd: ROOT })
  const code = files
    .filter(file => !PASSING_ON.test(file) && !file.includes('node_modules'))
    .map(read)
    .join('\n')
  // The passwords of the broker's users are read by a name that is put together: `deploy/broker-users.ts`.
  const isRead = (name: string) => /^RABBITMQ_\w+_PASSWORD$/.test(name) || new RegExp(`\\b${name}\\b`).test(code)
  expect([...documented].filter(name => !isRead(name))).toEqual([])
})

test('copying the example changes nothing: no line is in force', () => {
  expect(
    read('.env.example')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#')),
  ).toEqual([])
})
