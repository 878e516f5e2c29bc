import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Span, spans } from '../process/spans/spans.ts'
import { readTraceparent, timedTraceId } from '../process/trace.ts'
import { inSpans, publishInSpan, recordProcessing } from './spans.ts'
import { type Delivery, DONE, type OutgoingMessage, PublishError } from './types.ts'

let recorded: Span[] = []
beforeEach(() => {
  recorded = []
  spans.record = span => void recorded.push(span)
})
afterEach(() => {
  spans.record = null
})

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const WAMID = 'wamid.HBgMMjEyNjYxNzc3MTIz'
const message: OutgoingMessage = {
  ...{ exchange: 'linko.webhook', routingKey: 'conversation.1', type: 'linko.webhook.v1', body: {} },
  messageId: timedTraceId(Date.now()),
}

/** Publishes a message. @returns it as it was published, with its span */
async function published(outgoing: OutgoingMessage): Promise<{ sent: OutgoingMessage | undefined; span: Span | undefined }> {
  let sent: OutgoingMessage | undefined
  await publishInSpan(outgoing, async given => {
    sent = given
  })
  return { sent, span: recorded[0] }
}

test('a message carries the span of its publish, a child of what it follows from', async () => {
  const { sent, span } = await published({ ...message, traceparent: PARENT })
  expect(span).toMatchObject({ traceparent: sent?.traceparent, parent: PARENT, kind: 'producer', error: null })
  expect(readTraceparent(sent?.traceparent)).toMatchObject({ traceId: readTraceparent(PARENT)?.traceId })
  expect(sent?.traceparent).not.toBe(PARENT)
})

test('a message that comes again after a delay goes on with its trace', async () => {
  const { span } = await published({ ...message, headers: { traceparent: PARENT } })
  expect(span?.parent).toBe(PARENT)
})

test('a message without a trace begins the one that its id names', async () => {
  const { sent, span } = await published(message)
  expect([readTraceparent(sent?.traceparent)?.traceId, span?.parent]).toEqual([message.messageId, null])
})

test('a publish that fails says why, and fails', async () => {
  const failure = new PublishError('nacked', 'x')
  const failing = publishInSpan(message, () => Promise.reject(failure))
  await expect(failing).rejects.toBe(failure)
  expect(recorded).toMatchObject([{ error: 'nacked' }])
})

test('ids that are made of ids of Meta are not told', async () => {
  const { span } = await published({ ...message, messageId: `m:${WAMID}`, tenantId: '65f0c0ffee65f0c0ffee65f0' })
  expect(span?.attributes).toMatchObject({ 'messaging.message.id': null, 'linko.tenant.id': '65f0c0ffee65f0c0ffee65f0' })
  expect(JSON.stringify(span)).not.toContain('wamid')
})

test('each delivery of a batch has a span with its outcome, a child of its message', () => {
  const delivery = { queue: 'q', exchange: 'e', routingKey: 'k', messageId: null, tenantId: null, attempt: 2 } as Delivery
  const deliveries = [PARENT, null].map(traceparent => ({ ...delivery, traceparent }))
  const handled = inSpans(deliveries)
  const batch = { deliveries, handled, startedAt: performance.now() }
  recordProcessing(batch, [DONE, { kind: 'dead-letter', reason: 'text of somebody' }])
  expect(recorded).toMatchObject([
    { name: 'process q', parent: PARENT, traceparent: handled[0]?.traceparent, error: null, attributes: { 'linko.attempt': 2 } },
    { name: 'process q', parent: null, error: 'dead-letter', attributes: { 'linko.outcome': 'dead-letter' } },
  ])
  recorded = []
  recordProcessing(batch, null)
  expect(recorded.map(({ error }) => error)).toEqual(['given up', 'given up'])
  expect(JSON.stringify(recorded)).not.toContain('somebody')
})
