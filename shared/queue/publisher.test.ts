import { EventEmitter } from 'node:events'
import type { ConfirmChannel } from 'amqplib'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import { queueSilent } from '../process/metrics.ts'
import { Publisher, silentMs } from './publisher.ts'
import { EXCHANGES, QUEUES, queueOf } from './topology.ts'
import type { OutgoingMessage, PublishError } from './types.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Confirm channels by the routing key of their first message, with what was published on each. */
class FakeChannel extends EventEmitter {
  readonly sent: number[] = []
  isClosed = false
  publish(_exchange: string, _routingKey: string, content: Buffer): boolean {
    this.sent.push(Number(content.toString()))
    return true
  }
  confirm(upTo: number): void {
    this.emit('ack', { deliveryTag: upTo, multiple: true })
  }
  async close(): Promise<void> {
    this.isClosed = true
    this.emit('close')
  }
}

function openPublisher() {
  const channels: FakeChannel[] = []
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: line => void logged.push(JSON.parse(line).msg) })
  const createConfirmChannel = async () => {
    const channel = new FakeChannel()
    channels.push(channel)
    return channel as unknown as ConfirmChannel
  }
  const link = { isConnected: () => true, isBlocked: () => false, createConfirmChannel }
  return { publisher: new Publisher({ link, log, declare: async () => undefined }), channels, logged }
}

const DEAD = 'conversation.0'
const ALIVE = 'conversation.1'
const message = (routingKey: string, body: number): OutgoingMessage => ({
  exchange: EXCHANGES.webhook,
  routingKey,
  type: MESSAGE_TYPE.webhook,
  body,
  messageId: String(body),
})
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Publishes and keeps how each ended. */
function publishAll(publisher: Publisher, routingKey: string, bodies: number[], timeoutMs = 2000) {
  const ends: string[] = bodies.map(() => 'open')
  for (const [i, body] of bodies.entries()) {
    publisher.publish(message(routingKey, body), { timeoutMs }).then(
      () => {
        ends[i] = 'taken'
      },
      (error: PublishError) => {
        ends[i] = error.reason
      },
    )
  }
  return ends
}

test('[F18] a queue that confirms nothing has a bounded number of messages at the broker, and others have channels of their own', async () => {
  const { publisher, channels } = openPublisher()
  const dead = publishAll(publisher, DEAD, numbers(0, 300))
  const alive = publishAll(publisher, ALIVE, numbers(0, 50))
  await vi.advanceTimersByTimeAsync(0)
  expect(channels.map(({ sent }) => sent.length)).toEqual([200, 50])
  channels[1]?.confirm(50)
  await vi.advanceTimersByTimeAsync(0)
  expect([new Set(alive), new Set(dead)]).toEqual([new Set(['taken']), new Set(['open'])])
  channels[0]?.confirm(100)
  await vi.advanceTimersByTimeAsync(0)
  expect(channels[0]?.sent).toEqual(numbers(0, 300))
  expect([dead[99], dead[100]]).toEqual(['taken', 'open'])
})

test('what waits for room fails by its own limit and is never sent', async () => {
  const { publisher, channels } = openPublisher()
  const ends = publishAll(publisher, DEAD, numbers(0, 300))
  await vi.advanceTimersByTimeAsync(2100)
  expect(new Set(ends)).toEqual(new Set(['timeout']))
  channels[0]?.confirm(200)
  expect(channels[0]?.sent).toHaveLength(200)
})

test('[F18] after five silent seconds one publish at a time tries the queue, until it confirms', async () => {
  const { publisher, channels } = openPublisher()
  publishAll(publisher, DEAD, numbers(0, 3))
  await vi.advanceTimersByTimeAsync(6000)
  const ends = publishAll(publisher, DEAD, numbers(3, 6))
  await vi.advanceTimersByTimeAsync(0)
  expect(ends).toEqual(['open', 'silent', 'silent'])
  channels[0]?.confirm(4)
  await vi.advanceTimersByTimeAsync(0)
  expect(ends).toEqual(['taken', 'silent', 'silent'])
  const later = publishAll(publisher, DEAD, numbers(6, 9))
  await vi.advanceTimersByTimeAsync(0)
  channels[0]?.confirm(7)
  await vi.advanceTimersByTimeAsync(0)
  expect(later).toEqual(['taken', 'taken', 'taken'])
})

test('the channel of a silent queue is closed when many confirms are missing; that of a slow one is not', async () => {
  const { publisher, channels } = openPublisher()
  publishAll(publisher, DEAD, numbers(0, 200), 6000)
  publishAll(publisher, ALIVE, numbers(0, 200), 6000)
  await vi.advanceTimersByTimeAsync(5500)
  channels[1]?.confirm(10)
  await vi.advanceTimersByTimeAsync(1000)
  expect(channels.slice(0, 2).map(({ isClosed }) => isClosed)).toEqual([true, false])
})

test('[F18] a queue that is silent for 30 s while others confirm is an alarm', async () => {
  const { publisher, channels, logged } = openPublisher()
  const silentSeconds = async () => {
    const { values } = await queueSilent.get()
    return values.find(({ labels }) => labels.queue === QUEUES.conversation[0])?.value
  }
  publishAll(publisher, DEAD, [0])
  for (let second = 0; second < 29; second++) {
    publishAll(publisher, ALIVE, [second])
    await vi.advanceTimersByTimeAsync(1000)
    channels[1]?.confirm(second + 1)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(await silentSeconds()).toBeGreaterThan(28)
  expect(logged).not.toContain('queue confirms nothing while others do')
  await vi.advanceTimersByTimeAsync(2000)
  expect(logged.filter(line => line === 'queue confirms nothing while others do')).toHaveLength(1)
  channels[0]?.confirm(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(await silentSeconds()).toBe(0)
  expect(logged).toContain('queue confirms again')
})

test('[F18] a refusal does not end the silence, nor does a channel that is given up', async () => {
  const { publisher, channels, logged } = openPublisher()
  publishAll(publisher, ALIVE, [0])
  publishAll(publisher, DEAD, numbers(0, 160))
  for (let second = 0; second < 31; second++) {
    await vi.advanceTimersByTimeAsync(1000)
    channels[0]?.confirm(second + 1)
    publishAll(publisher, ALIVE, [second])
    if (second === 3) channels[1]?.emit('nack', { deliveryTag: 1, multiple: false })
  }
  expect(channels[1]?.isClosed).toBe(true)
  expect(logged).toContain('queue confirms nothing while others do')
})

test.for([
  ['nothing waits', null, 100_000, 0],
  ['others confirm', 10_000, 99_000, 90_000],
  ['no other has confirmed since', 10_000, 9000, 0],
  ['all fell silent together', 10_000, 10_200, 0],
] as const)('silence of a queue when %s', ([, since, confirmedAt, expected]) => {
  expect(silentMs(since, confirmedAt, 100_000)).toBe(expected)
})

test.for([
  [EXCHANGES.webhook, 'bulk-status.1', QUEUES.bulkStatus[1]],
  [EXCHANGES.send, 'chat', QUEUES.chat],
  [EXCHANGES.event, '3.message.received', QUEUES.realtime[3]],
  [EXCHANGES.dead, QUEUES.chat, QUEUES.dead],
  ['linko.retry.v1.60', QUEUES.chat, 'linko.retry.v1.60'],
  ['', QUEUES.media, QUEUES.media],
  ['', 'of-somebody-else', 'unrouted'],
  [EXCHANGES.webhook, 'nowhere', 'unrouted'],
] as const)('%s with the key %s ends in %s', ([exchange, routingKey, queue]) => {
  expect(queueOf(exchange, routingKey)).toBe(queue)
})
