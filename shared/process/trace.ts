import { randomFillSync } from 'node:crypto'

/** W3C Trace Context: `00-<32 hex trace id>-<16 hex span id>-01`. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** Randomness is asked for in bulk: every webhook takes some. */
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

/** The same trace with a span of our own; a new trace when there is none or it is malformed. */
export function childTrace(traceparent: string | null | undefined): string {
  const given = traceparent ? TRACEPARENT.exec(traceparent)?.[1] : undefined
  return `00-${given ?? randomHex(16)}-${randomHex(8)}-01`
}

export const traceId = (traceparent: string | null | undefined): string | null => TRACEPARENT.exec(traceparent ?? '')?.[1] ?? null
