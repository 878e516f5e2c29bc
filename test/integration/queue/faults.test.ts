import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { findRabbitmq, type PrivateRabbitmq, startRabbitmq } from '#deploy/local/backing/rabbitmq.ts'
import { freePort } from '#deploy/local/ports.ts'
import type { Supervised } from '#deploy/local/processes.ts'
import { openRegistry } from '#deploy/local/registry.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type OutgoingMessage, PublishError, type Queue } from '#shared/queue/types.ts'
import { restartQueue, STOPPED_SHARD, stopQueue } from '#test/support/stopped-queue.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { batches, bodyOf, emptyQueues, log, open, queue0, range, webhook } from '#test/support/worlds/queue.ts'

const webhookKey = (shard: number) => `conversation.${shard}`

const binary = findRabbitmq()
if (binary === null) console.log('queue faults are skipped: they need a local rabbitmq-server, whose broker they may kill')

describe.runIf(binary !== null)('when the broker fails', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-queue-faults-'))
  let broker: PrivateRabbitmq
  let process: Supervised

  beforeAll(async () => {
    broker = await startRabbitmq(binary as string, { dir, port: await freePort(), registry: await openRegistry(dir) })
    process = broker.supervised[broker.supervised.length - 1] as Supervised
    // Creates the queues and waits until they are old enough for a broker that is killed.
    await (await connectQueue(broker.url, { log, name: 'first' }))[Symbol.asyncDispose]()
  }, 240_000)
  afterAll(async () => {
    for (const supervised of [...(broker?.supervised ?? [])].reverse()) await supervised[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  }, 240_000)
  beforeEach(() => emptyQueues(broker.url))

  /** As a caller with a spool does: a message that was not confirmed is published again, before the next. */
  async function surely(queue: Queue, message: OutgoingMessage): Promise<void> {
    for (;;) {
      try {
        return await queue.publish(message, { timeoutMs: 2000 })
      } catch (error) {
        if (!(error instanceof PublishError)) throw error
        await sleep(50)
      }
    }
  }

  /** Publishes 0, 1, 2, … one after another until it is stopped. */
  function keepPublishing(queue: Queue) {
    let published = 0
    let isStopped = false
    const done = (async () => {
      while (!isStopped) {
        await surely(queue, webhook(published++))
        await sleep(2)
      }
    })()
    return {
      published: () => published,
      async stop() {
        isStopped = true
        await done
        return published
      },
    }
  }

  /** Values in the order of their first arrival. */
  async function record(queue: Queue, pauseMs = 0): Promise<{ first: Set<number>; deliveries: () => number }> {
    const first = new Set<number>()
    let deliveries = 0
    await queue.consumeBatches(
      queue0,
      async given => {
        if (pauseMs > 0) await sleep(pauseMs)
        for (const delivery of given) first.add(bodyOf(delivery))
        deliveries += given.length
        return DONE
      },
      batches,
    )
    return { first, deliveries: () => deliveries }
  }

  test.for(['SIGKILL', 'SIGTERM'] as const)(
    '[F10, F11] a broker ended by %s and started again loses nothing, and nobody has to help',
    { timeout: 120_000 },
    async signal => {
      const [publisher, consumer] = [await open(broker.url), await open(broker.url)]
      const { first } = await record(consumer, 2)
      const feed = keepPublishing(publisher)
      await untilPasses(() => expect(first.size).toBeGreaterThan(100))
      process.kill(signal)
      await untilPasses(() => expect([publisher.isReady(), consumer.isReady()]).toEqual([false, false]))
      const before = feed.published()
      await untilPasses(() => expect(feed.published()).toBeGreaterThan(before + 100))
      const total = await feed.stop()
      await untilPasses(() => expect(first.size).toBe(total))
      expect([...first]).toEqual(range(total))
      await untilPasses(() => expect([publisher.isReady(), consumer.isReady()]).toEqual([true, true]))
    },
  )

  test.for(['memory', 'disk'])(
    '[F13] while the broker has a %s alarm publishing fails at once and consuming goes on',
    { timeout: 60_000 },
    async resource => {
      const [publisher, consumer] = [await open(broker.url), await open(broker.url)]
      await Promise.all(range(50).map(i => publisher.publish(webhook(i))))
      const alarm = `{resource_limit, ${resource}, node()}`
      await broker.evaluate(`rabbit_alarm:set_alarm({${alarm}, []}).`)
      onTestFinished(async () => void (await broker.evaluate(`rabbit_alarm:clear_alarm(${alarm}).`)))
      // The first publish under the alarm meets it; every waiting publish fails at once, not after the limit of the confirm.
      const startedAt = Date.now()
      const results = await Promise.allSettled(range(10).map(i => publisher.publish(webhook(50 + i))))
      expect(results.map(result => result.status === 'rejected' && result.reason.reason)).toEqual(range(10).map(() => 'blocked'))
      expect(Date.now() - startedAt).toBeLessThan(4000)
      expect([publisher.isBlocked(), publisher.isReady()]).toEqual([true, false])
      await expect(publisher.publish(webhook('x'))).rejects.toMatchObject({ reason: 'blocked' })

      const { first } = await record(consumer)
      await untilPasses(() => expect(first.size).toBeGreaterThanOrEqual(50))
      await untilPasses(async () => expect((await consumer.check(queue0)).messageCount).toBe(0))

      await broker.evaluate(`rabbit_alarm:clear_alarm(${alarm}).`)
      await untilPasses(() => expect(publisher.isReady()).toBe(true))
      await publisher.publish(webhook(100))
      await untilPasses(() => expect(first.has(100)).toBe(true))
    },
  )

  test('[F12] a frozen broker is noticed by its heartbeat; publishes end by their limit, and all goes on when it thaws', async () => {
    const queue = await open(`${broker.url}/?heartbeat=1`)
    const { first } = await record(queue)
    await queue.publish(webhook(0))
    process.kill('SIGSTOP')
    try {
      await expect(queue.publish(webhook(1), { timeoutMs: 300 })).rejects.toMatchObject({ reason: 'timeout' })
      await untilPasses(() => expect(queue.isReady()).toBe(false))
      await expect(queue.publish(webhook(1))).rejects.toMatchObject({ reason: 'disconnected' })
    } finally {
      process.kill('SIGCONT')
    }
    await untilPasses(() => queue.publish(webhook(2)))
    await untilPasses(() => expect(first.has(2)).toBe(true))
  }, 240_000)

  test('[F16] a channel that the broker closes over a message held too long is replaced, and the message comes again', async () => {
    const limits = await broker.evaluate(
      '{application:get_env(rabbit, consumer_timeout), application:get_env(rabbit, channel_tick_interval)}.',
    )
    const [timeout, tick] = [...limits.matchAll(/\d+/g)].map(Number)
    const set = (timeoutMs: number | undefined, tickMs: number | undefined) =>
      broker.evaluate(
        `application:set_env(rabbit, consumer_timeout, ${timeoutMs}), application:set_env(rabbit, channel_tick_interval, ${tickMs}).`,
      )
    await set(500, 300)
    onTestFinished(async () => void (await set(timeout, tick)))
    const queue = await open(broker.url)
    const signals: AbortSignal[] = []
    const seen: Delivery[] = []
    const consumer = await queue.consumeBatches(
      queue0,
      async (deliveries, signal) => {
        signals.push(signal)
        if (signals.length === 1) await new Promise(resolve => signal.addEventListener('abort', resolve))
        else seen.push(...deliveries)
        return DONE
      },
      batches,
    )
    await Promise.all(range(5).map(i => queue.publish(webhook(i))))
    await untilPasses(() => expect(seen).toHaveLength(5))
    expect(signals[0]?.aborted).toBe(true)
    expect(seen.map(bodyOf)).toEqual(range(5))
    expect(seen.every(delivery => delivery.redelivered && delivery.attempt === 1)).toBe(true)
    expect(consumer.isReady()).toBe(true)
    await untilPasses(async () => expect((await queue.check(queue0)).messageCount).toBe(0))
  }, 240_000)

  test('[F18] queues that are deleted while we run are declared again by whoever misses them', async () => {
    const [publisher, consumer] = [await open(broker.url), await open(broker.url)]
    const { first } = await record(consumer)
    await publisher.publish(webhook(0))
    await untilPasses(() => expect(first.size).toBe(1))
    const admin = await connect(broker.url)
    const channel = await admin.createChannel()
    for (const name of [queue0, QUEUES.chat]) await channel.deleteQueue(name)
    await admin.close()
    await untilPasses(() => publisher.publish(webhook(1)))
    await untilPasses(() => expect(first.has(1)).toBe(true))
    // Nobody consumes this one: the publish that finds it missing has it declared.
    const job = { ...webhook('send-job', 'chat'), exchange: EXCHANGES.send }
    await untilPasses(() => publisher.publish(job))
  }, 240_000)

  test('[F18] a queue that lives and confirms nothing holds back its own messages only', { timeout: 240_000 }, async () => {
    const queue = await open(broker.url)
    const stopped = webhookKey(STOPPED_SHARD)
    // A channel that has published to the queue before gets no answer; another one would be refused at once.
    await queue.publish(webhook('before', stopped))
    await stopQueue(broker)
    onTestFinished(async () => void (await restartQueue(broker).catch(() => undefined)))
    const dead = Promise.allSettled(range(800).map(i => queue.publish(webhook(i, stopped), { timeoutMs: 2000 })))
    for (let i = 0; i < 2000; i += 100) await Promise.all(range(100).map(n => queue.publish(webhook(i + n))))
    expect(new Set((await dead).map(result => result.status === 'rejected' && result.reason.reason))).toEqual(
      new Set(['timeout']),
    )
    await queue.publish(webhook('after'))
    await restartQueue(broker)
    await untilPasses(() => queue.publish(webhook('again', stopped), { timeoutMs: 2000 }), 60_000)
  })

  test('[F18] a queue that cannot be subscribed to does not cost the other consumers their connection', {
    timeout: 180_000,
  }, async () => {
    const lines: { msg: string; connection?: string }[] = []
    const keeping = pino({ level: 'info' }, { write: line => void lines.push(JSON.parse(line)) })
    const count = (msg: string, connection?: string) => lines.filter(it => it.msg === msg && it.connection === connection).length
    await stopQueue(broker)
    onTestFinished(async () => void (await restartQueue(broker).catch(() => undefined)))
    const queue = await open(broker.url, { log: keeping })
    const { first } = await record(queue)
    const stopped: unknown[] = []
    await queue.consumeBatches(
      QUEUES.conversation[STOPPED_SHARD] as string,
      async deliveries => {
        stopped.push(...deliveries.map(bodyOf))
        return DONE
      },
      batches,
    )
    await untilTrue(() => count('queue not consumed, retrying') >= 4, 60_000)
    expect(count('rabbitmq disconnected', 'test consume')).toBeLessThanOrEqual(1)
    await queue.publish(webhook(1))
    await untilTrue(() => first.has(1))
    await restartQueue(broker)
    await untilPasses(() => queue.publish(webhook('again', webhookKey(STOPPED_SHARD))), 60_000)
    await untilTrue(() => stopped.includes('again'), 60_000)
  })

  test('a service may start before its broker', async () => {
    const port = await freePort()
    const url = `amqp://guest:guest@127.0.0.1:${port}`
    await expect(connectQueue(url, { log, name: 'early', startWithinMs: 300 })).rejects.toThrow('did not answer')
    const queue = await open(url, { startWithinMs: 0 })
    expect(queue.isReady()).toBe(false)
    await expect(queue.publish(webhook(1))).rejects.toMatchObject({ reason: 'disconnected' })
    const { first } = await record(queue)
    const late = path.join(dir, `late-${randomBytes(3).toString('hex')}`)
    const other = await startRabbitmq(binary as string, { dir: late, port, registry: await openRegistry(late) })
    try {
      await untilPasses(() => queue.publish(webhook(2)))
      await untilPasses(() => expect(first.has(2)).toBe(true))
    } finally {
      for (const supervised of [...other.supervised].reverse()) await supervised[Symbol.asyncDispose]()
    }
  }, 240_000)
})
