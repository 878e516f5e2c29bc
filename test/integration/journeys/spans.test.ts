import pino from 'pino'
import { expect, test } from 'vitest'
import { startFanout } from '#services/realtime/fanout.ts'
import type { Sockets } from '#services/realtime/sockets.ts'
import { commonEnv, parseEnv } from '#shared/process/config.ts'
import { exportSpans } from '#shared/process/spans/export.ts'
import { SPAN_ATTRIBUTES } from '#shared/process/spans/spans.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { type ExportedSpan, startCollector } from '#test/support/worlds/otlp-collector.ts'
import { openRoad, type Road } from '#test/support/worlds/road.ts'
import { accept, refuse } from '#test/support/worlds/sender.ts'

const log = pino({ level: 'silent' })

/** The platform in one process, with its spans going to a collector. Nobody listens to its events. */
async function openTraced() {
  await using stack = new AsyncDisposableStack()
  const road = stack.use(await openRoad())
  const { store, queue } = road.gateway
  stack.use(await startFanout({ store, queue, sockets: { emit: () => undefined } as unknown as Sockets, log }))
  stack.use(await road.startSender())
  const to = await road.person()
  const collector = stack.use(await startCollector())
  const config = parseEnv(commonEnv, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  stack.use((await exportSpans('test', config, log)) as AsyncDisposable)
  const opened = stack.move()
  return { road, to, spans: collector.spans, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const TEXT = 'CANARYTEXT of an illness'
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

/** Sends a text as somebody whose own spans have an id. @returns the id of the message */
async function send(road: Road, to: string): Promise<string> {
  const headers = { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` }
  const { status, body } = await road.gateway.call('POST', '/api/v1/messages/send', {
    as: 'agent',
    body: { to: `+${to}`, text: TEXT },
    headers,
  })
  expect(status).toBe(202)
  return body.id
}

/** The names of a span and of what it follows from, the span first; those of other processes by their ids. */
function roadTo(spans: ExportedSpan[], span: ExportedSpan): string[] {
  const { parentSpanId, traceId } = span
  if (parentSpanId === null) return [span.name]
  const parent = spans.find(one => one.spanId === parentSpanId && one.traceId === traceId)
  return [span.name, ...(parent ? roadTo(spans, parent) : [parentSpanId])]
}

/** A span with all that it follows from, by parents and by links. */
function causesOf(spans: ExportedSpan[], span: ExportedSpan, found = new Set<ExportedSpan>()): Set<ExportedSpan> {
  found.add(span)
  const causes = new Set([span.parentSpanId, ...span.links.map(({ spanId }) => spanId)])
  for (const cause of spans) if (causes.has(cause.spanId) && !found.has(cause)) causesOf(spans, cause, found)
  return found
}

const named = (spans: ExportedSpan[], name: string) => spans.filter(span => span.name === name)
const kindsOf = (spans: ExportedSpan[]) => new Set(spans.map(({ kind }) => kind))

test('a send over REST is one trace from the caller over gateway and sender to the call of Meta', async () => {
  await using w = await openTraced()
  const id = await send(w.road, w.to)
  const sent = await w.road.until(id, ({ status }) => status === 'SENT')
  const call = 'POST /{phone-number-id}/messages'
  await untilPasses(() => {
    const [client] = named(w.spans, call)
    expect(client && roadTo(w.spans, client)).toEqual([
      call,
      'send message',
      'process linko.send.v1.chat',
      'publish linko.send.v1',
      'POST /api/v1/messages/send',
      CALLER.spanId,
    ])
  })
  const ours = w.spans.filter(({ traceId }) => traceId === CALLER.traceId)
  const attributesOf = (name: string) => named(ours, name)[0]?.attributes
  expect([named(ours, call)[0]?.kind, named(ours, 'process linko.send.v1.chat')[0]?.kind]).toEqual([3, 5])
  expect(attributesOf(call)).toEqual({
    'http.request.method': 'POST',
    'url.template': '/{phone-number-id}/messages',
    'server.address': '127.0.0.1',
    'http.response.status_code': 200,
    'linko.outcome': 'accepted',
  })
  const tenant = { 'linko.tenant.id': String(sent.tenantId) }
  expect(attributesOf('send message')).toEqual({
    ...tenant,
    'linko.message.id': id,
    'linko.attempt': 1,
    'linko.outcome': 'sent',
  })
  expect(attributesOf('publish linko.send.v1')).toEqual({
    ...tenant,
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'linko.send.v1:chat',
    'messaging.rabbitmq.destination.routing_key': 'chat',
    'messaging.message.id': id,
  })
  expect(attributesOf('POST /api/v1/messages/send')).toMatchObject({
    ...tenant,
    'http.request.method': 'POST',
    'http.route': '/api/v1/messages/send',
    'http.response.status_code': 202,
    'linko.request.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})

test('a webhook is one trace from its receipt over the recorder to the events on sockets', async () => {
  await using w = await openTraced()
  const id = await send(w.road, w.to)
  const { wamid } = await w.road.until(id, ({ status }) => status === 'SENT')
  w.spans.length = 0
  // The first may be recorded together with what became of the send.
  for (const status of ['delivered', 'read']) {
    await w.road.report(wamid ?? '', w.to, status)
    await w.road.until(id, row => row.status === status.toUpperCase())
  }
  const roads = () => named(w.spans, 'emit events').map(span => [...causesOf(w.spans, span)].map(({ name }) => name))
  await untilPasses(() => {
    const whole = roads()
      .find(names => names.includes('POST /api/v1/webhook'))
      ?.map(name => name.replace(/[\w-]+\.\d+$/, 'N'))
    expect(whole ?? roads()).toEqual(
      expect.arrayContaining([
        'emit events',
        'process linko.event.v1.N',
        'publish linko.event.v1',
        'record items',
        'process linko.webhook.v1.N',
        'publish linko.webhook.v1',
        'POST /api/v1/webhook',
      ]),
    )
  }, 60_000)
  const [webhook] = named(w.spans, 'POST /api/v1/webhook')
  expect(webhook).toMatchObject({ kind: 2, parentSpanId: null, attributes: { 'http.response.status_code': 200 } })
})

test('webhooks that are recorded together are linked with their batch', async () => {
  await using w = await openTraced()
  const ids = await Promise.all([1, 2, 3, 4].map(() => send(w.road, w.to)))
  const rows = await Promise.all(ids.map(id => w.road.until(id, ({ status }) => status === 'SENT')))
  w.spans.length = 0
  await Promise.all(rows.map(({ wamid }) => w.road.report(wamid ?? '', w.to, 'delivered')))
  const processed = () => w.spans.filter(({ name }) => name.startsWith('process linko.webhook'))
  await untilPasses(() => {
    const batches = named(w.spans, 'record items')
    const known = batches.flatMap(({ parentSpanId, links }) => [parentSpanId, ...links.map(({ spanId }) => spanId)])
    expect(named(w.spans, 'POST /api/v1/webhook')).toHaveLength(4)
    for (const webhook of named(w.spans, 'POST /api/v1/webhook'))
      expect(processed().some(({ traceId, spanId }) => traceId === webhook.traceId && known.includes(spanId))).toBe(true)
  })
})

test("a refusal of Meta is an error of the call and of the attempt, with Meta's code", async () => {
  await using w = await openTraced()
  w.road.meta.answer = refuse(131026)
  const id = await send(w.road, w.to)
  await w.road.until(id, ({ status }) => status === 'FAILED')
  w.road.meta.answer = accept
  await untilTrue(() => named(w.spans, 'send message').length > 0)
  const [call] = named(w.spans, 'POST /{phone-number-id}/messages')
  const [attempt] = named(w.spans, 'send message')
  expect(call).toMatchObject({
    status: 2,
    attributes: { 'http.response.status_code': 400, 'linko.meta.error.code': 131026, 'error.type': '131026' },
  })
  expect(attempt).toMatchObject({ status: 2, attributes: { 'linko.outcome': 'failed', 'error.type': 'refused' } })
})

test('[F53] no span holds more than listed attributes, nor a text, a phone number, a wamid or an address', async () => {
  await using w = await openTraced()
  const { road, to } = w
  const id = await send(road, to)
  const { wamid } = await road.until(id, ({ status }) => status === 'SENT')
  await road.report(wamid ?? '', to, 'read')
  await road.call('GET', `/messages/by-id/${id}`)
  await road.call('GET', `/contacts?search=${to}`)
  await road.call('GET', `/nowhere/${to}?text=${encodeURIComponent(TEXT)}`)
  const canary = { headers: { 'x-request-id': 'CANARYNAME-Benani' } }
  await road.gateway.call('GET', `/api/v1/contacts/${to}`, { as: 'agent', ...canary })
  await untilPasses(() => {
    expect(named(w.spans, 'emit events').length).toBeGreaterThan(0)
    expect(named(w.spans, 'GET /api/v1/contacts/{id}')).toHaveLength(1)
    expect(named(w.spans, 'GET')).toHaveLength(1)
    expect(kindsOf(w.spans)).toEqual(new Set([1, 2, 3, 4, 5]))
  })
  const attributes = w.spans.flatMap(span => Object.entries(span.attributes))
  const allowed = new Set<string>(SPAN_ATTRIBUTES)
  expect(attributes.map(([name]) => name).filter(name => !allowed.has(name))).toEqual([])
  // Ids of ours, and words of few letters as routes, queues and outcomes are made of.
  const isPlain = (value: string) => /^[0-9a-f]{24}$|^[0-9a-f-]{32,36}$|^[\w/{}.:,* -]{1,120}$/.test(value)
  expect(attributes.filter(([, value]) => typeof value === 'string' && !isPlain(value))).toEqual([])
  const said = JSON.stringify(w.spans.map(({ name, attributes, resource, links }) => [name, attributes, resource, links]))
  for (const word of ['CANARY', to, to.slice(3), wamid ?? '?', 'illness', 'EAADemo', '@'])
    expect([word, said.includes(word)]).toEqual([word, false])
})
