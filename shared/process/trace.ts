import { randomFillSync } from 'node:crypto'

/** W3C Trace Context: `00-<32 hex trace id>-<16 hex span id>-<flags>`; ids of zeros alone are not valid. */
const TRACEPARENT = /^00-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})$/

/** Random bytes are generated in bulk, because every webhook needs some. */
const pool = Buffer.alloc(4096)
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

/** The parts of a `traceparent`. */
export interface TraceContext {
  traceId: string
  spanId: string
  /** Whether whoever began the trace wants its spans. */
  isSampled: boolean
}

/** Reads a `traceparent`; null for none and for what is none. */
export function readTraceparent(traceparent: string | null | undefined): TraceContext | null {
  const [, traceId, spanId, flags] = (traceparent && TRACEPARENT.exec(traceparent)) || []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Child of a trace: the same trace with a new span, sampled or not as its parent; a new trace without a valid parent. */
export function childTrace(traceparent: string | null | undefined): string {
  const parent = readTraceparent(traceparent)
  return `00-${parent?.traceId ?? randomHex(16)}-${randomHex(8)}-${parent?.isSampled === false ? '00' : '01'}`
}

/**
 * Trace id that contains its start time: a UUIDv7 (RFC 9562) in plain hex. A message with such an id needs no headers for its
 * trace and its age.
 */
export function timedTraceId(atMs: number): string {
  const random = randomHex(10)
  const variant = '89ab'[Number.parseInt(random[4] as string, 16) & 3]
  return `${atMs.toString(16).padStart(12, '0')}7${random.slice(1, 4)}${variant}${random.slice(5)}`
}

const TIMED = /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/

/** Start of a timed trace in ms since 1970; null for any other id. */
export const startOfTrace = (id: string | null): number | null =>
  id !== null && TIMED.test(id) ? Number.parseInt(id.slice(0, 12), 16) : null

export const traceId = (traceparent: string | null | undefined): string | null => readTraceparent(traceparent)?.traceId ?? null
