import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { ROOT } from '#shared/process/config.ts'
import type { ServerName } from './backing/private-server.ts'
import { freePort } from './ports.ts'

/** Generated once per checkout and kept, so that stored tokens stay readable and sessions valid. */
const GENERATED: Record<string, () => string> = {
  META_APP_ID: () => '918273645500112',
  META_CONFIG_ID: () => '550000000000001',
  META_APP_SECRET: () => randomBytes(16).toString('hex'),
  META_WEBHOOK_VERIFY_TOKEN: () => randomBytes(16).toString('hex'),
  TOKEN_ENCRYPTION_KEY: () => randomBytes(32).toString('hex'),
  JWT_SECRET: () => randomBytes(32).toString('hex'),
}

const PORTS = { GATEWAY_PORT: 3000, INGEST_PORT: 3001, REALTIME_PORT: 3002, SENDER_PORT: 3003, SIMULATOR_PORT: 4000 } as const

/** Ports, addresses and secrets: from the environment, else from `file` (secrets only), else generated or a default. */
export async function chooseSettings(file: string): Promise<Record<string, string>> {
  const kept = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  const given = givenSettings()
  const secrets = Object.entries(GENERATED).map(([name, make]) => [name, given[name] ?? kept[name] ?? make()])
  const ports = await choosePorts(given)
  const folder = path.dirname(file)
  return {
    HOST: '127.0.0.1',
    META_API_VERSION: 'v25.0',
    INGEST_SPOOL_DIR: path.join(folder, 'spool'),
    SIMULATOR_STATE_FILE: path.join(folder, 'simulator.state'),
    SEND_UNKNOWN_DEADLINE: '15s',
    // For somebody who tries a script against the demo, or plays it twice.
    RATE_LIMIT_MESSAGES: '600/min',
    RATE_LIMIT_API: '1000/15min',
    ...publicAddresses(reachable(given.HOST), ports, given),
    ...given,
    ...Object.fromEntries(secrets),
    ...ports,
    PORT: ports.GATEWAY_PORT,
    NODE_ENV: 'development',
  }
}

/** Writes every address and secret in use for other tools, readable by the owner only. The file is replaced in one step. */
export function writeDemoEnv(
  file: string,
  settings: Record<string, string>,
  urls: Record<ServerName, string>,
): Record<string, string> {
  const env = { ...settings, ...addressesOf(urls) }
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`)
  writeFileSync(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return env
}

export const addressesOf = ({ mongodb, rabbitmq, redis }: Record<ServerName, string>) => ({
  MONGODB_URI: mongodb,
  RABBITMQ_URL: rabbitmq,
  REDIS_URL: redis,
})

/** The address at which this machine reaches a server that listens on `host`. */
export const reachable = (host: string | undefined) => (!host || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)

/** The variables of the environment that `.env.example` documents. */
function givenSettings(): Record<string, string> {
  const documented = readFileSync(path.join(ROOT, '.env.example'), 'utf8').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)
  const names = [...documented].map(([, name]) => name as string)
  const given = Object.fromEntries(names.flatMap(name => (process.env[name] ? [[name, process.env[name] as string]] : [])))
  // Vite, which runs the tests, sets BASE_URL to `/`.
  if (given.BASE_URL === '/') delete given.BASE_URL
  return given
}

async function choosePorts(given: Record<string, string>): Promise<Record<keyof typeof PORTS, string>> {
  const ports: Record<string, string> = {}
  for (const [name, preferred] of Object.entries(PORTS)) {
    const asked = given[name] ?? (name === 'GATEWAY_PORT' ? given.PORT : undefined)
    ports[name] = asked ?? String(await freePort(preferred))
  }
  return ports as Record<keyof typeof PORTS, string>
}

function publicAddresses(host: string, ports: Record<keyof typeof PORTS, string>, given: Record<string, string>) {
  const base = given.BASE_URL ?? `http://${host}:${ports.GATEWAY_PORT}`
  const simulator = `http://${host}:${ports.SIMULATOR_PORT}`
  return {
    BASE_URL: base,
    DASHBOARD_URL: base,
    SOCKET_URL: `http://${host}:${ports.REALTIME_PORT}`,
    CORS_ORIGIN: base,
    META_GRAPH_URL: simulator,
    META_DIALOG_URL: simulator,
    META_MEDIA_HOSTS: new URL(given.META_GRAPH_URL ?? simulator).host,
    SIMULATOR_WEBHOOK_URL: `http://${host}:${ports.INGEST_PORT}/api/v1/webhook`,
  }
}

/** Quotes a value so that a shell and Node read the same. */
function quoted(value: string): string {
  if (/^[\w.,:/@+-]*$/.test(value)) return value
  return value.includes("'") ? JSON.stringify(value) : `'${value}'`
}
