import {
  type Context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TracesConfig } from '../config.ts'
import type { Logger } from '../logger.ts'
import { spansDropped } from '../metrics.ts'
import { readTraceparent, type TraceContext } from '../trace.ts'
import type { Span } from './spans.ts'

export interface OtlpOptions {
  /** Address of the collector for traces: `http://host:4318/v1/traces`. */
  url: string
  headers: Record<string, string>
  sampler: TracesConfig['OTEL_TRACES_SAMPLER']
  /** Share of the traces that are exported, from 0 to 1; for the samplers by ratio. */
  ratio: number
  /** What every span of the process has: `service.name` and so on. */
  resource: Record<string, string>
  log: Logger
  /** Wait of a batch that is not full; 2 s by default. */
  delayMs?: number
}

/** Finished spans that wait at most; further ones are dropped. A batch is a quarter of it. */
const MAX_WAITING = 4096
const MAX_BATCH = 1024
/** One export with its repetitions. */
const EXPORT_MS = 5000
const FLUSH_MS = 3000
const REPORT_MS = 60_000
/** Spans that a batch of work is linked to at most; the library keeps no more. */
const MAX_LINKS = 128

/**
 * The only user of OpenTelemetry's library: exports finished spans by OTLP over HTTP with JSON, in batches. It never throws and never
 * makes anybody wait: what the collector does not take in time is dropped and counted.
 */
export function createOtlpExport(options: OtlpOptions): AsyncDisposable & { record(span: Span): void } {
  const { url, headers, log, delayMs = 2000 } = options
  const exporter = watched(new OTLPTraceExporter({ url, headers, timeoutMillis: EXPORT_MS }), log)
  const ids = { generateTraceId: () => own.traceId, generateSpanId: () => own.spanId }
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: EXPORT_MS + 1000,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes(options.resource),
    sampler: samplerOf(options),
    idGenerator: ids,
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('linko')
  /** Ids of the span that is being made: the library asks for them, for Linko has given them to the span's children already. */
  let own: TraceContext

  function record(span: Span): void {
    const context = readTraceparent(span.traceparent)
    if (context === null) return
    if (exporter.waiting() >= MAX_WAITING) {
      spansDropped.inc({ reason: 'queue_full' })
      return
    }
    own = context
    const made = tracer.startSpan(
      span.name,
      {
        kind: SpanKind[KIND[span.kind]],
        startTime: timeOf(span.startedAt),
        attributes: attributesOf(span),
        links: linksOf(span),
      },
      parentOf(span, context),
    )
    if (!made.isRecording()) return
    if (span.error) made.setStatus({ code: SpanStatusCode.ERROR })
    exporter.expect()
    made.end(timeOf(performance.now()))
  }

  return {
    record,
    async [Symbol.asyncDispose]() {
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, FLUSH_MS)
      await Promise.race([provider.shutdown().catch(() => undefined), late])
      clearTimeout(timer)
    },
  }
}

const KIND = {
  internal: 'INTERNAL',
  server: 'SERVER',
  client: 'CLIENT',
  producer: 'PRODUCER',
  consumer: 'CONSUMER',
} as const satisfies Record<Span['kind'], keyof typeof SpanKind>

/**
 * A decision by ratio follows from the trace id, so that all services decide alike for a trace whose first one left no mark. That of
 * a parent counts in addition where it is against the trace.
 */
function samplerOf({ sampler, ratio }: Pick<OtlpOptions, 'sampler' | 'ratio'>): Sampler {
  if (sampler === 'always_off') return new AlwaysOffSampler()
  const base = sampler.endsWith('traceidratio') ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler()
  return sampler.startsWith('parentbased') ? new ParentBasedSampler({ root: base, remoteParentSampled: base }) : base
}

/** The parent of a span; none where it is in another trace. */
function parentOf({ parent }: Span, { traceId }: TraceContext): Context {
  const context = readTraceparent(parent)
  return context?.traceId === traceId ? trace.setSpanContext(ROOT_CONTEXT, spanContextOf(context)) : ROOT_CONTEXT
}

function linksOf({ links = [] }: Span): Link[] {
  const contexts = links.map(readTraceparent).filter(context => context !== null)
  return contexts.slice(0, MAX_LINKS).map(context => ({ context: spanContextOf(context) }))
}

const spanContextOf = ({ traceId, spanId, isSampled }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
})

function attributesOf({ attributes, error }: Span): Record<string, string | number> {
  const given = Object.entries({ ...attributes, ...(error && { 'error.type': error }) })
  return Object.fromEntries(given.flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]])))
}

/** How far `performance` is behind the clock of the machine, which may be set while the process runs. */
let skewMs = 0
const MOST_SKEW_MS = 50

/** A time of `performance.now()` as seconds and nanoseconds since 1970. */
function timeOf(at: number): HrTime {
  const originMs = performance.timeOrigin + skewMs
  const behindMs = Date.now() - (originMs + performance.now())
  if (Math.abs(behindMs) > MOST_SKEW_MS) skewMs += behindMs
  const ms = performance.timeOrigin + skewMs + at
  return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1_000_000)]
}

/** The exporter, which knows how many spans are on their way to it, counts those that are lost and logs once a minute. */
function watched(exporter: OTLPTraceExporter, log: Logger) {
  let waiting = 0
  let lost = 0
  let reportedAt = Number.NEGATIVE_INFINITY

  function report(spans: number, error: unknown): void {
    spansDropped.inc({ reason: 'export_failed' }, spans)
    lost += spans
    if (performance.now() - reportedAt < REPORT_MS) return
    reportedAt = performance.now()
    log.warn({ err: error, lost }, 'spans not exported')
    lost = 0
  }

  const exported: SpanExporter['export'] = (spans, done) => {
    exporter.export(spans, result => {
      waiting -= spans.length
      if (result.error) report(spans.length, result.error)
      done(result)
    })
  }
  return {
    export: exported,
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
    /** Spans that are not exported yet. */
    waiting: () => waiting,
    /** Counts a span that will come. */
    expect: () => void waiting++,
  }
}
