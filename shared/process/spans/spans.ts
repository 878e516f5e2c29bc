import { childTrace } from '../trace.ts'

/**
 * Every attribute that a span may have: names of OpenTelemetry's semantic conventions, and Linko's own with ids that Linko made.
 * No text, address, phone number, name or token goes into a span, nor an id of Meta that contains a phone number.
 */
export const SPAN_ATTRIBUTES = [
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'url.template',
  'server.address',
  'messaging.system',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.destination.name',
  'messaging.rabbitmq.destination.routing_key',
  'messaging.message.id',
  'error.type',
  'linko.tenant.id',
  'linko.message.id',
  'linko.request.id',
  'linko.attempt',
  'linko.outcome',
  'linko.meta.error.code',
  'linko.items',
  'linko.events',
] as const

/** Attributes of a span; those without a value are left out. */
export type SpanAttributes = Partial<Record<(typeof SPAN_ATTRIBUTES)[number], string | number | null | undefined>>

/** A piece of work that has ended now, as a span of OpenTelemetry. */
export interface Span {
  /** Of few different values: a route, a queue; never an id. */
  name: string
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  /** The span itself: the `traceparent` that its children were given. */
  traceparent: string
  /** `traceparent` of what caused it; null or absent: the span begins the trace. */
  parent?: string | null
  /** Start, by `performance.now()`. */
  startedAt: number
  attributes: SpanAttributes
  /** `traceparent` of each other span that it also worked for. */
  links?: readonly (string | null)[]
  /** Class of the error with which it ended, of few different values; null or absent: it ended well. */
  error?: string | null
}

/**
 * Where finished spans go; null unless an exporter runs. Callers write `spans.record?.({…})`, so that a span costs nothing, not even
 * an object, while nobody wants it.
 */
export const spans: { record: ((span: Span) => void) | null } = { record: null }

/**
 * The `traceparent` of work that becomes a span: a child of `parent` while spans are exported, else `parent` as it is.
 */
export const spanOf = (parent: string | null): string | null => (spans.record === null ? parent : childTrace(parent))
