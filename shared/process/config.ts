import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv as parseDotenv } from 'node:util'
import { z } from 'zod'

/** Root of the checkout or image, with `.env` and `.linko/demo.env`. */
export const ROOT = path.resolve(import.meta.dirname, '../..')

/**
 * Environment of a service: the process's own, then `.env`, then (outside production) `.linko/demo.env`, which the launcher
 * writes. The first source of a variable wins; an empty value counts as absent. `X_FILE` reads X from a file.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env, root = ROOT): NodeJS.ProcessEnv {
  const files = ['.env', ...(env.NODE_ENV === 'production' ? [] : ['.linko/demo.env'])]
  const layers = [env, ...files.map(file => readDotenv(path.join(root, file)))]
  const merged: NodeJS.ProcessEnv = {}
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) if (value && merged[name] === undefined) merged[name] = value
  }
  for (const [name, file] of Object.entries(merged)) {
    const target = /^(.+)_FILE$/.exec(name)?.[1]
    if (target && SECRETS.has(target) && merged[target] === undefined)
      merged[target] = readFileSync(file as string, 'utf8').trim()
  }
  for (const [alias, name] of ALIASES) merged[name] ??= merged[alias]
  return merged
}

/** Parses the environment. @throws Error with one line for every invalid or missing variable, never with a value */
export function parseEnv<T extends z.ZodObject>(schema: T, env: NodeJS.ProcessEnv): z.infer<T> {
  const result = schema.safeParse(env)
  const problems = result.success ? [] : result.error.issues.map(issue => `  ${issue.path.join('.')}: ${issue.message}`)
  problems.push(...productionProblems(env))
  if (!result.success || problems.length > 0) throw new Error(`The configuration is not valid:\n${problems.join('\n')}`)
  return result.data
}

const ALIASES = [
  ['WHATSAPP_VERIFY_TOKEN', 'META_WEBHOOK_VERIFY_TOKEN'],
  ['WHATSAPP_APP_SECRET', 'META_APP_SECRET'],
] as const

const SECRETS = new Set([
  'META_APP_SECRET',
  'META_WEBHOOK_VERIFY_TOKEN',
  'TOKEN_ENCRYPTION_KEY',
  'TOKEN_ENCRYPTION_KEYS',
  'JWT_SECRET',
  'TRUSTED_GATEWAY_SECRET',
  'WHATSAPP_ACCESS_TOKEN',
  'MONGODB_URI',
  'RABBITMQ_URL',
  'REDIS_URL',
])

/** Production refuses the demo's secrets, a plain http address and a missing app secret. */
function productionProblems(env: NodeJS.ProcessEnv): string[] {
  if (env.NODE_ENV !== 'production') return []
  const demo = readDotenv(path.join(ROOT, '.linko/demo.env'))
  const problems = [...SECRETS]
    .filter(name => env[name] !== undefined && env[name] === demo[name])
    .map(name => `  ${name}: the demo's value is not allowed in production`)
  if (!env.META_APP_SECRET) problems.push('  META_APP_SECRET: required in production')
  if (env.BASE_URL && !env.BASE_URL.startsWith('https://')) problems.push('  BASE_URL: must be https in production')
  return problems
}

function readDotenv(file: string): NodeJS.ProcessEnv {
  return existsSync(file) ? parseDotenv(readFileSync(file, 'utf8')) : {}
}

export const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback)
export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', 'on', 'off', '1', '0'])
    .default(fallback ? 'true' : 'false')
    .transform(text => text === 'true' || text === 'on' || text === '1')

/** Duration in ms from `15s`, `5m`, `24h`, `30d` or plain milliseconds. */
export const duration = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(ms|s|m|h|d)?$/, 'write 15s, 5m, 24h or 30d')
    .default(fallback)
    .transform(durationMs)

/** Comma-separated words; empty ones are dropped. */
export const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform(text => split(text).filter(Boolean))

const SECRET_CHARACTERS = 16

/**
 * Comma-separated secrets, for while one is being replaced; the first one is current. Each has at least 16 characters: an empty
 * part, as of a comma too many, would be a secret that everybody knows.
 */
export const secretList = z.string().transform((text, context) => {
  const secrets = split(text)
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  if (secrets.includes('')) refuse('an empty secret between or beside the commas')
  else if (secrets.some(secret => secret.length < SECRET_CHARACTERS))
    refuse(`each secret needs at least ${SECRET_CHARACTERS} characters`)
  if (new Set(secrets).size < secrets.length) refuse('the same secret twice')
  return secrets
})

function split(text: string): string[] {
  return text.split(',').map(word => word.trim())
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function durationMs(text: string): number {
  const unit = (/[a-z]+$/.exec(text)?.[0] ?? 'ms') as keyof typeof UNIT_MS
  return Number.parseInt(text, 10) * UNIT_MS[unit]
}

/** Variables of every service. */
export const commonEnv = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().default('0.0.0.0'),
  /** `/metrics` on a port and host of its own, instead of beside the routes of the service. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  JOB_RUNNER_ENABLED: flag(true),
  JOB_RUNNER_INTERVAL_MS: z.coerce.number().int().min(50).default(5000),
})

/** Variables of every service that calls Meta: its address, and the keys of stored access tokens. */
export const metaEnv = {
  META_GRAPH_URL: z.url().default('https://graph.facebook.com'),
  META_API_VERSION: z
    .string()
    .regex(/^v\d+\.\d+$/, 'write it like v25.0')
    .default('v25.0'),
  TOKEN_ENCRYPTION_KEY: z.string().optional(),
  TOKEN_ENCRYPTION_KEYS: z.string().optional(),
}
