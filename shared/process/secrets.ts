import { createHash } from 'node:crypto'
import { KNOWN_VALUES } from './known-values.ts'

/**
 * Settings that are secret, with the fewest characters that production accepts of each. Every one may come from a file:
 * `X_FILE` names the file of X. Several values stand in one setting, separated by commas, while one is being replaced.
 */
export const SECRETS: Readonly<Record<string, number>> = {
  JWT_SECRET: 32,
  TOKEN_ENCRYPTION_KEY: 64,
  TOKEN_ENCRYPTION_KEYS: 64,
  META_APP_SECRET: 16,
  META_WEBHOOK_VERIFY_TOKEN: 16,
  TRUSTED_GATEWAY_SECRET: 32,
  OIDC_CLIENT_SECRET: 16,
  WHATSAPP_ACCESS_TOKEN: 16,
  OTEL_EXPORTER_OTLP_HEADERS: 8,
  S3_ACCESS_KEY_ID: 3,
  S3_SECRET_ACCESS_KEY: 16,
  RABBITMQ_GATEWAY_PASSWORD: 16,
  RABBITMQ_INGEST_PASSWORD: 16,
  RABBITMQ_RECEIVER_PASSWORD: 16,
  RABBITMQ_SENDER_PASSWORD: 16,
  RABBITMQ_REALTIME_PASSWORD: 16,
  RABBITMQ_TOPOLOGY_PASSWORD: 16,
}

/** Addresses that hold a user and a password; they may come from a file too. */
export const ADDRESSES = ['MONGODB_URI', 'RABBITMQ_URL', 'REDIS_URL', 'EVENT_EXCHANGE_URL'] as const

/** Fewest characters of a password in an address. */
export const LEAST_PASSWORD = 12

/** Why a value is no secret, as the end of a sentence; null for one that production accepts. */
export function weaknessOf(value: string, least: number): string | null {
  if (isKnown(value)) return "is a value of Linko's repository, which everybody knows"
  if (value.length < least) return `has fewer than ${least} characters`
  if (least >= 12 && isRepetitive(value)) return 'repeats itself or counts up; make one with `npm run secrets`'
  return null
}

/** Whether the value stands in Linko's repository. */
export const isKnown = (value: string): boolean => KNOWN_VALUES.has(hashOf(value))

/** The start of a value's SHA-256 in hex: the list of known values must not bring them into the image. */
export const hashOf = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 16)

/** Whether a value has few different characters, consists of one part said again and again, or climbs in even steps. */
function isRepetitive(value: string): boolean {
  const different = new Set(value).size
  return different < (value.length < 32 ? 5 : 8) || periodOf(value) <= value.length / 2 || isStaircase(value)
}

/** Length of the shortest start whose repetition gives the value; the last one may be cut short: `abcabcab` has 3. */
function periodOf(value: string): number {
  for (let shift = 1; shift <= value.length / 2; shift++) if (value.startsWith(value.slice(shift))) return shift
  return value.length
}

/** Whether most characters follow their neighbour by the same step of at most one: `1234…`, `cba…`, `aaaa…`. */
function isStaircase(value: string): boolean {
  const steps = [...value].slice(1).map((char, i) => char.charCodeAt(0) - value.charCodeAt(i))
  return [-1, 0, 1].some(step => steps.filter(it => it === step).length > steps.length / 2)
}
