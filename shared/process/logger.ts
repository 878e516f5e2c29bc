import pino from 'pino'

export type Logger = pino.Logger

const REDACTED_PATHS = [
  'authorization',
  'accessToken',
  'access_token',
  'password',
  'token',
  'secret',
  'cookie',
  'body',
  'text',
].flatMap(name => [name, `*.${name}`, `*.*.${name}`])

const SCRUBS: [RegExp, string][] = [
  [/\bEAA[A-Za-z0-9]{4,}/g, '[token]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[jwt]'],
  [/\blk_[A-Za-z0-9]+_[A-Za-z0-9]+/g, '[key]'],
  [/\/\/([^/:@\s"]+):([^@\s"]+)@/g, '//$1:[secret]@'],
  [/(?<![\w.:-])\+?\d{6,11}(\d{4})(?![\w.:-])/g, '…$1'],
]

/** Removes tokens, keys and passwords from a log line, and all but four digits of phone numbers, beyond the redacted paths. */
export function scrub(line: string): string {
  return SCRUBS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line)
}

/** Logger of JSON lines to stdout: ids, never message text, tokens or whole phone numbers. */
export function createLogger(service: string, level = process.env.LOG_LEVEL ?? 'info'): Logger {
  // A log that nobody reads any more (a closed pipe) ends no service.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => undefined)
  const destination = { write: (line: string) => void process.stdout.write(scrubValues(line)) }
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    destination,
  )
}

/** Scrubs quoted values only: numbers such as pid and times are kept, and the line remains valid JSON. */
function scrubValues(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, quoted => scrub(quoted))
}
