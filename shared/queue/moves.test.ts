import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { moveOf, readDelivery } from './moves.ts'
import { readDeadLetter } from './origin.ts'
import { EXCHANGES, QUEUES, retryQueue } from './topology.ts'
import type { Delivery, OutgoingMessage } from './types.ts'

const queue = QUEUES.account

function message(headers: Record<string, unknown> = {}, fields: Partial<ConsumeMessage['fields']> = {}): ConsumeMessage {
  const properties = { headers, messageId: 'm-1', type: 'linko.webhook.v1' } as ConsumeMessage['properties']
  const where = { deliveryTag: 1, redelivered: false, exchange: EXCHANGES.webhook, routingKey: 'account', consumerTag: 'c' }
  return { content: Buffer.from('{}'), properties, fields: { ...where, ...fields } }
}

/** A message as the broker returns it from the delay queue: over the default exchange, with its `x-death` table. */
function returned(sent: OutgoingMessage): Delivery {
  const death = [{ queue: sent.exchange, reason: 'expired', exchange: sent.exchange, 'routing-keys': [queue] }]
  const headers = { ...sent.headers, 'x-death': death, 'x-first-death-reason': 'expired', 'x-first-death-queue': sent.exchange }
  return readDelivery(queue, message(headers, { exchange: '', routingKey: queue }))
}

test('retries use each delay in turn and end in the dead letters', () => {
  let delivery = readDelivery(queue, message())
  const exchanges: string[] = []
  for (let move: OutgoingMessage | null = null; move?.exchange !== EXCHANGES.dead; delivery = returned(move)) {
    move = moveOf(delivery, { kind: 'retry', error: new Error('bug') }) as OutgoingMessage
    expect(move.routingKey).toBe(queue)
    exchanges.push(move.exchange)
  }
  expect(exchanges).toEqual([...[1, 10, 60, 600, 600].map(s => retryQueue(s as 1)), EXCHANGES.dead])
  expect(readDeadLetter(delivery)).toMatchObject({
    queue,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'attempts used up',
    attempt: 6,
  })
})

test('a retried message keeps its headers except those of the broker', () => {
  const delivery = readDelivery(
    queue,
    message({ traceparent: 't', 'x-linko-tenant': 'a', 'x-own': 7, 'x-death': [{}], 'x-delivery-count': 3 }),
  )
  const again = returned(moveOf(delivery, { kind: 'retry', error: 'x' }) as OutgoingMessage)
  expect(again).toMatchObject({ tenantId: 'a', traceparent: 't', attempt: 2, messageId: 'm-1', exchange: EXCHANGES.webhook })
  const third = moveOf(again, { kind: 'retry', error: 'x' })?.headers ?? {}
  expect(third['x-own']).toBe(7)
  expect(Object.keys(third).filter(name => /death|delivery-count/.test(name))).toEqual([])
})

test.for([
  [0, 1],
  [1000, 1],
  [1001, 10],
  [61_000, 600],
  [9_000_000, 600],
] as const)('later by %d ms uses the delay queue of %d s and is not an attempt', ([delayMs, seconds]) => {
  const move = moveOf(readDelivery(queue, message({ 'x-linko-attempt': 3 })), { kind: 'later', delayMs })
  expect(move).toMatchObject({ exchange: retryQueue(seconds), headers: { 'x-linko-attempt': 3 } })
})

test('an unreadable attempt counts as the first', () => {
  for (const attempt of ['x', -1, 1.5, null]) expect(readDelivery(queue, message({ 'x-linko-attempt': attempt })).attempt).toBe(1)
})

test('[F53] the error header is bounded and holds no secrets', () => {
  const error = new Error(`token EAAsecretsecret ${'x'.repeat(9000)}`)
  const description = String(
    moveOf(readDelivery(queue, message()), { kind: 'dead-letter', reason: 'poison', error })?.headers?.['x-linko-error'],
  )
  expect(description).toContain('[token]')
  expect(description).not.toContain('EAAsecret')
  expect(description.length).toBeLessThanOrEqual(4000)
})

test('a message that the broker dead-lettered has the reason of the broker, also after a retry', () => {
  const retried = returned(moveOf(readDelivery(queue, message()), { kind: 'retry', error: 'x' }) as OutgoingMessage)
  const deaths = [{ queue, reason: 'delivery_limit', exchange: '', 'routing-keys': [queue] }]
  const dead = readDelivery(
    QUEUES.dead,
    message({ ...retried.headers, 'x-death': deaths }, { exchange: EXCHANGES.dead, routingKey: queue }),
  )
  expect(readDeadLetter(dead)).toMatchObject({
    queue,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'delivery_limit',
    attempt: 2,
    diedAt: null,
  })
})

test('a message that killed its process at once keeps its original exchange and routing key', () => {
  const deaths = [{ queue, reason: 'delivery_limit', exchange: EXCHANGES.webhook, 'routing-keys': ['account'] }]
  const dead = readDelivery(QUEUES.dead, message({ 'x-death': deaths }, { exchange: EXCHANGES.dead, routingKey: queue }))
  expect(readDeadLetter(dead)).toMatchObject({
    queue,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'delivery_limit',
  })
})
