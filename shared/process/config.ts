import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv as parseDotenv } from 'node:util'
import { z } from 'zod'
import { productionProblems } from './production.ts'
import { ADDRESSES, SECRETS } from './secrets.ts'

/** Root of the checkout or image, with `.env` and `.linko/demo.env`. */
export const ROOT = path.resolve(import.meta.dirname, '../..')

/** Version of Linko that this process runs. */
export const VERSION: string = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version

/**
 * Environment of a service: the process's own, then `.env`, then (in development) `.linko/demo.env`, which the launcher writes. The
 * first source of a variable wins; an empty value counts as absent. `X_FILE` reads a secret X from a file. The service of a test
 * (`NODE_ENV=test`) reads neither file: what somebody has configured or tried out in this checkout changes no test.
 * @throws Error when such a file cannot be read, or is empty
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env, root = ROOT): NodeJS.ProcessEnv {
  const layers = env.NODE_ENV === 'test' ? [env] : [env, ...filesOf(env, root)]
  const merged: NodeJS.ProcessEnv = {}
  for (const layer of layers) addLayer(merged, layer)
  return merged
}

function filesOf(env: NodeJS.ProcessEnv, root: string): NodeJS.ProcessEnv[] {
  const dotenv = readDotenv(path.join(root, '.env'))
  const isDevelopment = ['development', undefined].includes(env.NODE_ENV || dotenv.NODE_ENV || undefined)
  return isDevelopment ? [dotenv, readDotenv(path.join(root, '.linko/demo.env'))] : [dotenv]
}

/** Adds what earlier sources lack. Within one source a plain value comes before a file, and a name before its alias. */
function addLayer(merged: NodeJS.ProcessEnv, layer: NodeJS.ProcessEnv): void {
  const given = Object.entries(layer).filter(([, value]) => value) as [string, string][]
  for (const [name, value] of given) merged[name] ??= value
  for (const [name, file] of given) {
    const target = /^(.+)_FILE$/.exec(name)?.[1]
    if (target && MAY_BE_FILES.has(target)) merged[target] ??= readSecret(name, file)
  }
  for (const [alias, name] of ALIASES) if (merged[alias] !== undefined) merged[name] ??= merged[alias]
}

/** An empty file is an error: as an absent value it would switch off what the secret protects. */
function readSecret(name: string, file: string): string {
  if (!existsSync(file)) throw new Error(`${name}: there is no file ${file}`)
  const secret = readFileSync(file, 'utf8').trim()
  if (secret === '') throw new Error(`${name}: the file ${file} is empty`)
  return secret
}

/** Parses the environment. @throws Error with one line for every invalid or missing variable, never with a value */
export function parseEnv<T extends z.ZodObject>(schema: T, env: NodeJS.ProcessEnv): z.infer<T> {
  const result = schema.safeParse(env)
  const problems = result.success ? [] : result.error.issues.map(issue => `  ${issue.path.join('.')}: ${issue.message}`)
  problems.push(...productionProblems(env, Object.keys(schema.shape)))
  if (!result.success || problems.length > 0) throw new Error(`The configuration is not valid:\n${problems.join('\n')}`)
  return result.data
}

const ALIASES = [
  ['WHATSAPP_VERIFY_TOKEN', 'META_WEBHOOK_VERIFY_TOKEN'],
  ['WHATSAPP_APP_SECRET', 'META_APP_SECRET'],
  ['PORT', 'GATEWAY_PORT'],
] as const

const MAY_BE_FILES = new Set([
  ...Object.keys(SECRETS),
  ...ADDRESSES,
  ...ALIASES.flatMap(([alias, name]) => (name in SECRETS ? alias : [])),
])

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

/** `name=value` pairs by comma, values percent-encoded, as OpenTelemetry writes them. */
const pairs = z
  .string()
  .default('')
  .transform((text, context): Record<string, string> => {
    const given = split(text).filter(Boolean)
    const parts = given.map(pair => /^([^=\s]+)\s*=\s*(.*)$/.exec(pair))
    if (!parts.includes(null) && given.every(isDecodable))
      return Object.fromEntries(parts.map(part => [part?.[1] ?? '', decodeURIComponent(part?.[2] ?? '')]))
    context.addIssue({ code: 'custom', message: 'write name=value,name=value, with %2C for a comma in a value' })
    return z.NEVER
  })

const isDecodable = (text: string) => !/%(?![0-9a-f]{2})/i.test(text)

const HttpUrl = z.url({ protocol: /^https?$/ })

/** The protocol in which spans are exported. */
export const OTLP_PROTOCOL = 'http/json'

/** Variables for the export of spans, with their names and meanings of OpenTelemetry; without an endpoint nothing is exported. */
const tracesEnv = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: HttpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: HttpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs,
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().default(OTLP_PROTOCOL),
  OTEL_SERVICE_NAME: z.string().max(255).optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_SAMPLER: z
    .enum(['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_traceidratio'])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
})
export type TracesConfig = z.infer<typeof tracesEnv>

/** Variables of every service. */
export const commonEnv = tracesEnv.extend({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().default('0.0.0.0'),
  /** `/metrics` on a port and host of its own, instead of beside the routes of the service. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  JOB_RUNNER_ENABLED: flag(true),
  JOB_RUNNER_INTERVAL_MS: z.coerce.number().int().min(50).default(5000),
})

const Origin = z
  .url({ protocol: /^https?$/ })
  .refine(text => new URL(text).origin === text, 'write https://host or http://host:port')

/** Variables of the services that check or call the endpoints of tenants. */
export const eventEnv = {
  /** Origins that event subscriptions may name although they are private, or on another port than 443, or not encrypted. */
  EVENT_PRIVATE_ORIGINS: list('').pipe(z.array(Origin)),
}

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
