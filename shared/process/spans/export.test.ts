import { spawnSync } from 'node:child_process'
import pino from 'pino'
import { register } from 'prom-client'
import { expect, test } from 'vitest'
import { untilTrue } from '#test/support/until.ts'
import { startCollector } from '#test/support/worlds/otlp-collector.ts'
import { commonEnv, parseEnv, ROOT } from '../config.ts'
import { createLogger } from '../logger.ts'
import { childTrace, readTraceparent } from '../trace.ts'
import { exportSpans } from './export.ts'
import { createOtlpExport } from './otlp.ts'
import { type Span, spanOf, spans } from './spans.ts'

const silent = pino({ level: 'silent' })
const configOf = (env: NodeJS.ProcessEnv) => parseEnv(commonEnv, env)

const spanLike = (span: Partial<Span> = {}): Span => ({
  name: 'work',
  kind: 'internal',
  traceparent: childTrace(null),
  startedAt: performance.now(),
  attributes: {},
  ...span,
})

async function dropped(reason: string): Promise<number> {
  const metric = await register.getSingleMetric('linko_spans_dropped_total')?.get()
  return metric?.values.find(({ labels }) => labels.reason === reason)?.value ?? 0
}

test('without an endpoint no span is made', async () => {
  expect(await exportSpans('gateway', configOf({}), silent)).toBeNull()
  expect(spans.record).toBeNull()
  expect([spanOf(null), spanOf('00-parent')]).toEqual([null, '00-parent'])
})

test('another protocol stops no service: nothing is exported, and the log says why', async () => {
  const lines: string[] = []
  const log = pino({}, { write: line => void lines.push(line) })
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
  expect(await exportSpans('gateway', configOf(env), log)).toBeNull()
  expect([spans.record, lines.filter(line => line.includes('http/json')).length]).toEqual([null, 1])
})

// prom-client loads the package of OpenTelemetry's interfaces by itself.
test("without an endpoint a service loads nothing of OpenTelemetry's library, with one it does", { timeout: 180_000 }, () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ resolve: (name, context, next) => (loaded.add(name), next(name, context)) })
    const { exportSpans } = await import('#shared/process/spans/export.ts')
    const { commonEnv, parseEnv } = await import('#shared/process/config.ts')
    await import('#shared/queue/connect.ts')
    await import('#shared/http/app.ts')
    await import('#services/ingest/receiver/receiver.ts')
    const _spans = await exportSpans('ingest', parseEnv(commonEnv, process.env), { info() {} })
    console.log([...loaded].filter(name => /opentelemetry.(sdk|exporter|resources)/.test(name)).length)
    process.exit()
  `
  const loadedWith = (env: NodeJS.ProcessEnv) => {
    const args = ['--input-type=module-typescript', '-e', script]
    return Number(spawnSync(process.execPath, args, { cwd: ROOT, env: { NODE_ENV: 'test', ...env }, encoding: 'utf8' }).stdout)
  }
  expect(loadedWith({})).toBe(0)
  expect(loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).toBeGreaterThanOrEqual(3)
})

test('a span is exported with the ids that its children were given', async () => {
  await using collector = await startCollector()
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%2Cb, x-other=c=d',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
  }
  const exporting = await exportSpans('sender', configOf(env), silent)
  const root = childTrace(null)
  const traceparent = childTrace(root)
  const other = childTrace(null)
  const startedAt = performance.now() - 250
  const attributes = { 'http.route': '/api/v1/messages/{id}', 'linko.tenant.id': null, 'http.response.status_code': 502 }
  const before = Date.now()
  spans.record?.(
    spanLike({ kind: 'server', traceparent, parent: root, startedAt, attributes, links: [other, null], error: '502' }),
  )
  await exporting?.[Symbol.asyncDispose]()
  expect(spans.record).toBeNull()
  expect(collector.requests).toMatchObject([{ url: '/v1/traces', headers: { 'x-key': 'a,b', 'x-other': 'c=d' } }])
  const { traceId, spanId } = readTraceparent(traceparent) as { traceId: string; spanId: string }
  const linked = readTraceparent(other)
  expect(collector.spans).toMatchObject([
    {
      ...{ name: 'work', kind: 2, traceId, spanId, status: 2 },
      parentSpanId: readTraceparent(root)?.spanId,
      links: [{ traceId: linked?.traceId, spanId: linked?.spanId }],
      resource: {
        'service.name': 'linko-sender',
        'service.version': expect.any(String),
        'deployment.environment.name': 'staging',
      },
    },
  ])
  const [span] = collector.spans
  expect(span?.attributes).toEqual({
    'http.route': '/api/v1/messages/{id}',
    'http.response.status_code': 502,
    'error.type': '502',
  })
  const lastedMs = (span?.endMs ?? 0) - (span?.startMs ?? 0)
  expect(lastedMs).toBeGreaterThanOrEqual(249)
  expect(Math.abs((span?.endMs ?? 0) - lastedMs - (before - 250))).toBeLessThan(200)
})

test.for<[NodeJS.ProcessEnv, string, string]>([
  [{ OTEL_SERVICE_NAME: 'ours' }, '/v1/traces', 'ours'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '/own/address' }, '/own/address', 'linko-gateway'],
])('%j is exported to %s as %s', async ([env, url, name]) => {
  await using collector = await startCollector()
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const addresses = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ...(own && { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url + own }),
  }
  const exporting = await exportSpans('gateway', configOf({ ...env, ...addresses }), silent)
  spans.record?.(spanLike())
  await exporting?.[Symbol.asyncDispose]()
  expect([collector.requests[0]?.url, collector.spans[0]?.resource['service.name']]).toEqual([url, name])
})

test.for([
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'no-value' },
  { OTEL_EXPORTER_OTLP_HEADERS: 'key=%zz' },
  { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
  { OTEL_TRACES_SAMPLER_ARG: '2' },
])('%j is refused at the start', env => {
  expect(() => configOf(env)).toThrow(Object.keys(env)[0])
})

/** The names of these spans that reach a collector. */
async function exportedBy(env: NodeJS.ProcessEnv, given: Span[]): Promise<string[]> {
  await using collector = await startCollector()
  const exporting = await exportSpans('gateway', configOf({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }), silent)
  for (const span of given) spans.record?.(span)
  await exporting?.[Symbol.asyncDispose]()
  return collector.spans.map(({ name }) => name)
}

test('a trace is exported as whole as its share says, and a caller may keep its own out', async () => {
  const traces = Array.from({ length: 400 }, (_, i) => ({ name: `trace ${i}`, traceparent: childTrace(null) }))
  const both = traces.flatMap(({ name, traceparent }) => [
    spanLike({ name, traceparent }),
    spanLike({ name: `${name} child`, traceparent: childTrace(traceparent), parent: traceparent }),
  ])
  const ratio = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }
  const names = await exportedBy(ratio, both)
  const roots = names.filter(name => !name.endsWith('child'))
  expect(roots.length).toBeGreaterThan(120)
  expect(roots.length).toBeLessThan(280)
  expect(names.filter(name => name.endsWith('child'))).toEqual(roots.map(name => `${name} child`))

  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  const kept = [spanLike({ traceparent: childTrace(parent), parent })]
  expect(await exportedBy({}, kept)).toEqual([])
  expect(await exportedBy({ OTEL_TRACES_SAMPLER: 'always_on' }, kept)).toEqual(['work'])
  expect(await exportedBy({ OTEL_TRACES_SAMPLER: 'always_off' }, [spanLike()])).toEqual([])
})

test('a collector that refuses costs its spans, which are counted, and one line in the log', async () => {
  await using collector = await startCollector(() => 400)
  const before = await dropped('export_failed')
  const lines: string[] = []
  const log = createLogger('test', 'info', line => lines.push(line))
  const options = { url: `${collector.url}/v1/traces`, headers: {}, sampler: 'always_on', ratio: 1, resource: {}, log } as const
  await using exporter = createOtlpExport({ ...options, delayMs: 1 })
  for (let n = 1; n <= 3; n++) {
    exporter.record(spanLike())
    await untilTrue(async () => (await dropped('export_failed')) === before + n)
  }
  expect(lines.filter(line => line.includes('spans not exported'))).toHaveLength(1)
})

test('of spans that nobody takes a bounded number waits, and the stop does not wait for them', { timeout: 60_000 }, async () => {
  const before = await dropped('queue_full')
  // Nothing listens there.
  const exporting = await exportSpans('gateway', configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }), silent)
  for (let i = 0; i < 5000; i++) spans.record?.(spanLike())
  expect(await dropped('queue_full')).toBe(before + 5000 - 4096)
  const stoppedAt = performance.now()
  await exporting?.[Symbol.asyncDispose]()
  expect(performance.now() - stoppedAt).toBeLessThan(10_000)
})
