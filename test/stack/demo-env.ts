import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { freePort } from './ports.ts'
import type { BackingServers } from './servers.ts'

/** Made once per checkout and kept, so that tokens stay readable and sessions valid. */
const OWN_SECRETS: Record<string, () => string> = {
  META_APP_ID: () => '918273645500112',
  META_CONFIG_ID: () => '550000000000001',
  META_APP_SECRET: () => randomBytes(16).toString('hex'),
  META_WEBHOOK_VERIFY_TOKEN: () => randomBytes(16).toString('hex'),
  TOKEN_ENCRYPTION_KEY: () => randomBytes(32).toString('hex'),
  JWT_SECRET: () => randomBytes(32).toString('hex'),
}

const PORTS = { GATEWAY_PORT: 3000, INGEST_PORT: 3001, REALTIME_PORT: 3002, SENDER_PORT: 3003, SIMULATOR_PORT: 4000 } as const

/**
 * Every address and secret in force: the environment's word, else what this checkout keeps, else a default. Written to `file`
 * (0600) before the first service starts, so that other tools can join.
 */
export async function writeDemoEnv(file: string, servers: BackingServers): Promise<Record<string, string>> {
  const kept = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  const env: Record<string, string> = { NODE_ENV: 'development', HOST: process.env.HOST ?? '127.0.0.1' }
  for (const [name, make] of Object.entries(OWN_SECRETS)) env[name] = process.env[name] ?? kept[name] ?? make()
  const { host, ports } = await addresses(env.HOST as string)
  Object.assign(env, ports, { PORT: ports.GATEWAY_PORT }, publicAddresses(host, ports), {
    MONGODB_URI: servers.mongodb.url,
    RABBITMQ_URL: servers.rabbitmq.url,
    REDIS_URL: servers.redis.url,
    META_API_VERSION: process.env.META_API_VERSION ?? 'v25.0',
    INGEST_SPOOL_DIR: process.env.INGEST_SPOOL_DIR ?? path.join(path.dirname(file), 'spool'),
    SIMULATOR_STATE_FILE: process.env.SIMULATOR_STATE_FILE ?? path.join(path.dirname(file), 'simulator.state'),
    SEND_UNKNOWN_DEADLINE: process.env.SEND_UNKNOWN_DEADLINE ?? '15s',
  })
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(
    file,
    `${Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')}\n`,
    { mode: 0o600 },
  )
  return env
}

async function addresses(bind: string) {
  const ports: Record<string, string> = {}
  for (const [name, preferred] of Object.entries(PORTS)) {
    const given = process.env[name] ?? (name === 'GATEWAY_PORT' ? process.env.PORT : undefined)
    ports[name] = given ?? String(await freePort(preferred))
  }
  return { host: bind === '0.0.0.0' ? '127.0.0.1' : bind, ports: ports as Record<keyof typeof PORTS, string> }
}

function publicAddresses(host: string, ports: Record<keyof typeof PORTS, string>): Record<string, string> {
  const base = process.env.BASE_URL ?? `http://${host}:${ports.GATEWAY_PORT}`
  const simulator = `http://${host}:${ports.SIMULATOR_PORT}`
  const graph = process.env.META_GRAPH_URL ?? simulator
  return {
    BASE_URL: base,
    DASHBOARD_URL: process.env.DASHBOARD_URL ?? base,
    SOCKET_URL: process.env.SOCKET_URL ?? `http://${host}:${ports.REALTIME_PORT}`,
    CORS_ORIGIN: process.env.CORS_ORIGIN ?? base,
    META_GRAPH_URL: graph,
    META_DIALOG_URL: process.env.META_DIALOG_URL ?? simulator,
    META_MEDIA_HOSTS: process.env.META_MEDIA_HOSTS ?? new URL(graph).host,
    SIMULATOR_WEBHOOK_URL: process.env.SIMULATOR_WEBHOOK_URL ?? `http://${host}:${ports.INGEST_PORT}/api/v1/webhook`,
  }
}
