import { randomBytes } from 'node:crypto'

/** W3C Trace Context: `00-<32 hex trace id>-<16 hex span id>-01`. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** The same trace with a span of our own; a new trace when there is none or it is malformed. */
export function childTrace(traceparent: string | null | undefined): string {
  const traceId = TRACEPARENT.exec(traceparent ?? '')?.[1] ?? randomBytes(16).toString('hex')
  return `00-${traceId}-${randomBytes(8).toString('hex')}-01`
}

export const traceId = (traceparent: string | null | undefined): string | null => TRACEPARENT.exec(traceparent ?? '')?.[1] ?? null
