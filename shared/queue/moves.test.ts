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

/** As the broker brings it back from the delay queue: by the default exchange, with the table of its deaths. */
function comeBack(sent: OutgoingMessage): Delivery {
  const death = [{ queue: sent.exchange, reason: 'expired', exchange: sent.exchange, 'routing-keys': [queue] }]
  const headers = { ...sent.headers, 'x-death': death, 'x-first-death-reason': 'expired', 'x-first-death-queue': sent.exchange }
  return readDelivery(queue, message(headers, { exchange: '', routingKey: queue }))
}

test('a retry climbs the ladder and ends in the dead letters', () => {
  let delivery = readDelivery(queue, message())
  const road: string[] = []
  for (let move: OutgoingMessage | null = null; move?.exchange !== EXCHANGES.dead; delivery = comeBack(move)) {
    move = moveOf(delivery, { kind: 'retry', error: new Error('bug') }) as OutgoingMessage
    expect(move.routingKey).toBe(queue)
    road.push(move.exchange)
  }
  expect(road).toEqual([...[1, 10, 60, 600, 600].map(s => retryQueue(s as 1)), EXCHANGES.dead])
  expect(readDeadLetter(delivery)).toMatchObject({
    queue,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'attempts used up',
    attempt: 6,
  })
})

test('on its way a message keeps its headers, but none of the broker', () => {
  const delivery = readDelivery(
    queue,
    message({ traceparent: 't', 'x-linko-tenant': 'a', 'x-own': 7, 'x-death': [{}], 'x-delivery-count': 3 }),
  )
  const again = comeBack(moveOf(delivery, { kind: 'retry', error: 'x' }) as OutgoingMessage)
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
] as const)('later by %d ms goes through the queue of %d s and is no attempt', ([delayMs, seconds]) => {
  const move = moveOf(readDelivery(queue, message({ 'x-linko-attempt': 3 })), { kind: 'later', delayMs })
  expect(move).toMatchObject({ exchange: retryQueue(seconds), headers: { 'x-linko-attempt': 3 } })
})

test('an unreadable attempt counts as the first', () => {
  for (const attempt of ['x', -1, 1.5, null]) expect(readDelivery(queue, message({ 'x-linko-attempt': attempt })).attempt).toBe(1)
})

test('errors travel without secrets and bounded', () => {
  const error = new Error(`token EAAsecretsecret ${'x'.repeat(9000)}`)
  const description = String(
    moveOf(readDelivery(queue, message()), { kind: 'dead-letter', reason: 'poison', error })?.headers?.['x-linko-error'],
  )
  expect(description).toContain('[token]')
  expect(description).not.toContain('EAAsecret')
  expect(description.length).toBeLessThanOrEqual(4000)
})

test('a message that the broker gave up tells so, though it had been tried again before', () => {
  const retried = comeBack(moveOf(readDelivery(queue, message()), { kind: 'retry', error: 'x' }) as OutgoingMessage)
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

test('a message that killed its process at once keeps where it was published', () => {
  const deaths = [{ queue, reason: 'delivery_limit', exchange: EXCHANGES.webhook, 'routing-keys': ['account'] }]
  const dead = readDelivery(QUEUES.dead, message({ 'x-death': deaths }, { exchange: EXCHANGES.dead, routingKey: queue }))
  expect(readDeadLetter(dead)).toMatchObject({
    queue,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'delivery_limit',
  })
})
