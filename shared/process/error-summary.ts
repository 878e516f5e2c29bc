import { scrub } from './scrub.ts'

/** What logs and dead letters show of an error. Nothing else that it carries: a driver's error carries whole documents. */
export interface ErrorSummary {
  /** Name of its class. */
  type: string
  /** Without values of documents, tokens and phone numbers; at most 300 characters. */
  message: string
  code?: string | number
  /** The frames alone. */
  stack?: string
  cause?: ErrorSummary
}

const MAX_MESSAGE = 300
const MAX_STACK = 3000
const MAX_CAUSES = 3

/** Summary of anything that was thrown. */
export function summarizeError(error: unknown, depth = 0): ErrorSummary {
  if (!(error instanceof Error)) return { type: typeof error, message: typeof error === 'string' ? shown(error) : '' }
  const { code, errors } = error as Error & { code?: unknown; errors?: unknown }
  const cause = error.cause ?? (Array.isArray(errors) ? errors[0] : undefined)
  return {
    type: scrub(error.name).slice(0, 60),
    message: shown(messageOf(error)),
    ...(isCode(code) && { code }),
    stack: framesOf(error),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: summarizeError(cause, depth + 1) }),
  }
}

/** Summary as text: type and message in the first line, then the frames, then the cause in the same form. */
export function errorText(error: unknown): string {
  return textOf(summarizeError(error))
}

const textOf = ({ type, message, stack, cause }: ErrorSummary): string =>
  [`${type}: ${message}`, ...(stack ? [stack] : []), ...(cause ? [`caused by ${textOf(cause)}`] : [])].join('\n')

const shown = (message: string): string => scrub(message).slice(0, MAX_MESSAGE)

const isCode = (code: unknown): code is string | number =>
  typeof code === 'number' || (typeof code === 'string' && /^\w{1,60}$/.test(code))

/** The message without what it quotes. Errors of MongoDB, mongoose, BSON, JSON and CSV quote values that people wrote. */
function messageOf(error: Error): string {
  if (error.name === 'ValidationError') return `not valid: ${pathsOf(error)}`
  if ('issues' in error && Array.isArray(error.issues)) return `not valid: ${error.issues.map(issueOf).join(', ')}`
  // The broker's own words hold names of queues and their arguments, which an operator needs.
  return 'classId' in error ? error.message : withoutQuotes(error.message)
}

function withoutQuotes(message: string): string {
  return message
    .replace(/^key [\s\S]* must not/, 'key … must not')
    .replace(/"[\s\S]*"/, '"…"')
    .replace(/`[\s\S]*`/, '`…`')
    .replace(/\{[\s\S]*\}/, '{…}')
}

/** Where a document does not fit its schema: `content.text (String)`. */
function pathsOf(error: Error): string {
  const { errors } = error as Error & { errors?: Record<string, { kind?: unknown }> }
  return Object.entries(errors ?? {})
    .map(([path, { kind }]) => `${path} (${typeof kind === 'string' ? kind.slice(0, 30) : 'unknown'})`)
    .join(', ')
}

const issueOf = ({ path, code }: { path?: unknown; code?: unknown }) =>
  `${Array.isArray(path) ? path.map(String).join('.') : ''} (${String(code)})`

/** The lines of a stack that name a place in the code; the others are the message. */
function framesOf({ stack = '', message }: Error): string {
  const at = stack.indexOf(message)
  const frames = at < 0 ? stack : stack.slice(at + message.length)
  const lines = frames.split('\n').filter(line => /^\s+at /.test(line))
  return scrub(lines.join('\n')).slice(0, MAX_STACK)
}
