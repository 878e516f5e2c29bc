import pino from 'pino'
import { summarizeError } from './error-summary.ts'
import { scrub } from './scrub.ts'

export type Logger = pino.Logger

/** Names of fields whose value is never logged, at any depth, however they are written (`accessToken`, `access_token`). */
const SECRET_FIELDS = new Set([
  'authorization',
  'accesstoken',
  'refreshtoken',
  'apikey',
  'password',
  'token',
  'secret',
  'cookie',
  'headers',
  'body',
  'text',
  'payload',
  'content',
])
/** Names of fields that hold times, sizes and the like: their great numbers are no phone numbers. */
const PLAIN_NUMBER = /(?:^|[a-z])(?:at|time|ms|bytes|size|offset|count|total)$/i
const LEAST_PHONE = 1_000_000_000
const MAX_DEPTH = 5
const MAX_ITEMS = 50
const MAX_TEXT = 1000

/**
 * Logger of JSON lines to stdout: ids, never message text, tokens or whole phone numbers. Of an error only its summary is written,
 * under whatever name it is logged.
 * @param write takes each line; tests keep them
 */
export function createLogger(
  service: string,
  level = process.env.LOG_LEVEL ?? 'info',
  write: (line: string) => void = line => void process.stdout.write(line),
): Logger {
  // A log that nobody reads any more (a closed pipe) ends no service.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => undefined)
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }), log: fields => cleanObject(fields, 0) },
      // The fields are plain already; pino's own serializer would take a summary for an error.
      serializers: { err: value => value },
    },
    { write: line => write(scrubValues(line)) },
  )
}

/**
 * Logs the error that ends the process, and ends it. Node itself would print everything the error carries: documents, calls with
 * their headers.
 */
export function logCrash(log: Logger): void {
  process.on('uncaughtException', error => {
    log.fatal({ err: error }, 'process failed')
    process.exit(1)
  })
}

function cleanObject(object: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [scrub(name), cleanField(name, value, depth)]))
}

function cleanField(name: string, value: unknown, depth: number): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (SECRET_FIELDS.has(name.replace(/[_-]/g, '').toLowerCase())) return '[redacted]'
  if (value instanceof Error) return summarizeError(value)
  if (name === 'err') return summarizeError(value)
  if (typeof value === 'string') return scrub(value).slice(0, MAX_TEXT)
  if (typeof value === 'number') return value < LEAST_PHONE || PLAIN_NUMBER.test(name) ? value : scrub(String(value))
  if (typeof value !== 'object') return scrub(String(value))
  return cleanNested(name, value, depth + 1)
}

function cleanNested(name: string, value: object, depth: number): unknown {
  if (depth > MAX_DEPTH) return '[deep]'
  if (ArrayBuffer.isView(value)) return '[bytes]'
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => cleanField(name, item, depth))
  // Dates, ids and documents say themselves how they are written.
  if ('toJSON' in value && typeof value.toJSON === 'function') return cleanField(name, value.toJSON(), depth)
  return cleanObject(value, depth)
}

/** Scrubs quoted values, the message among them: numbers such as pid and times are kept, and the line remains valid JSON. */
function scrubValues(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, quoted => scrub(quoted))
}
