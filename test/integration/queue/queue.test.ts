import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { expect, onTestFinished } from 'vitest'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { Outage } from '#shared/domain/errors.ts'
import { readDeadLetter } from '#shared/queue/origin.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE } from '#shared/queue/types.ts'
import { untilPasses, untilTrue } from '#test/support/until.ts'
import { batches, bodyOf, open, queue0, range, TRACE, test, webhook } from '#test/support/worlds/queue.ts'

test('publishing is pipelined, and a batch consumer gets everything once and in order', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  await Promise.all(range(500).map(i => queue.publish(webhook(i))))
  const seen: number[] = []
  const sizes: number[] = []
  await queue.consumeBatches(
    queue0,
    async deliveries => {
      seen.push(...deliveries.map(bodyOf))
      sizes.push(deliveries.length)
      return DONE
    },
    batches,
  )
  await untilPasses(() => expect(seen).toHaveLength(500))
  expect(seen).toEqual(range(500))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100)
  await untilPasses(async () => expect((await queue.check(queue0)).messageCount).toBe(0))
})

test('a patient consumer keeps what is not urgent until something urgent comes', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const seen: number[][] = []
  const handler = async (deliveries: Delivery[]) => {
    seen.push(deliveries.map(bodyOf))
    return DONE
  }
  // No meeting point comes while the test runs: they are a day apart.
  await queue.consumeBatches(queue0, handler, { ...batches, prefetch: 10, maxBatch: 4, patienceMs: 86_400_000 })
  for (const i of range(3)) await queue.publish(webhook(i))
  await untilPasses(async () => expect((await queue.check(queue0)).messageCount).toBe(0))
  expect(seen).toEqual([])
  await queue.publish({ ...webhook(3), isUrgent: true })
  await untilPasses(() => expect(seen).toEqual([[0, 1, 2, 3]]))
  for (const i of [4, 5, 6, 7, 8]) await queue.publish(webhook(i))
  await untilPasses(() => expect(seen).toEqual([range(4), [4, 5, 6, 7]]))
})

test('headers travel with the message', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const deliveries: Delivery[] = []
  await queue.consume(
    queue0,
    async delivery => {
      deliveries.push(delivery)
      return DONE
    },
    { prefetch: 10 },
  )
  await queue.publish(webhook('x'))
  await untilPasses(() => expect(deliveries).toHaveLength(1))
  expect(deliveries[0]).toMatchObject({
    exchange: EXCHANGES.webhook,
    routingKey: 'conversation.0',
    type: MESSAGE_TYPE.webhook,
    tenantId: 'tenant',
    traceparent: TRACE,
    attempt: 1,
  })
})

test('a message that no queue takes is a failed publish, others are not touched', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const results = await Promise.allSettled([
    queue.publish(webhook(1)),
    queue.publish(webhook(2, 'nowhere')),
    queue.publish(webhook(3)),
  ])
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(results[1]).toMatchObject({ reason: { name: 'PublishError', reason: 'returned' } })
})

test('beyond a thousand unconfirmed messages the caller is refused', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const results = await Promise.allSettled(range(1500).map(i => queue.publish(webhook(i))))
  const refused = results.filter(result => result.status === 'rejected')
  expect(refused).toHaveLength(500)
  expect(refused[0]).toMatchObject({ reason: { reason: 'overloaded' } })
})

test('a throw is tried again a second later with a raised attempt; a dead letter keeps where it came from', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const attempts: number[] = []
  await queue.consume(
    queue0,
    async delivery => {
      attempts.push(delivery.attempt)
      if (delivery.attempt === 1) throw new Error('bug with token EAAsecretsecret')
      return { kind: 'dead-letter', reason: 'poison', error: new Error('token EAAsecretsecret') }
    },
    { prefetch: 10 },
  )
  const dead: Delivery[] = []
  await queue.consume(
    QUEUES.dead,
    async delivery => {
      dead.push(delivery)
      return DONE
    },
    { prefetch: 10 },
  )
  await queue.publish(webhook('poison'))
  await untilPasses(() => expect(dead).toHaveLength(1))
  expect(attempts).toEqual([1, 2])
  const deadLetter = readDeadLetter(dead[0] as Delivery)
  expect(deadLetter).toMatchObject({
    queue: queue0,
    exchange: EXCHANGES.webhook,
    routingKey: 'conversation.0',
    reason: 'poison',
    attempt: 2,
  })
  expect(deadLetter.error).toContain('[token]')
  expect(deadLetter.error).not.toContain('EAAsecret')
  expect(bodyOf(dead[0] as Delivery)).toBe('poison')
})

test('in a batch each delivery has its own outcome', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  await Promise.all(range(6).map(i => queue.publish(webhook(i))))
  const seen: [number, number][] = []
  await queue.consumeBatches(
    queue0,
    async deliveries => {
      seen.push(...deliveries.map((delivery): [number, number] => [bodyOf(delivery), delivery.attempt]))
      return deliveries.map(delivery =>
        bodyOf(delivery) === 3 && delivery.attempt === 1 ? { kind: 'retry', error: 'again' } : DONE,
      )
    },
    batches,
  )
  await untilPasses(() => expect(seen).toContainEqual([3, 2]))
  expect(seen.filter(([body]) => body !== 3)).toHaveLength(5)
})

test('a delivery after a pause is handled at once, those of a stream together, and a full batch without a wait', async ({
  world,
}) => {
  const queue = await open(world.rabbitmqUrl)
  const handled: { at: number; bodies: number[] }[] = []
  const handler = async (deliveries: Delivery[]) => {
    handled.push({ at: performance.now(), bodies: deliveries.map(bodyOf) })
    return DONE
  }
  await queue.consumeBatches(queue0, handler, { prefetch: 512, maxBatch: 10, lingerMs: 0, everyMs: 1500 })
  const startedAt = performance.now()
  await queue.publish(webhook(0))
  await untilPasses(() => expect(handled).toHaveLength(1))
  await queue.publish(webhook(1))
  await queue.publish(webhook(2))
  await untilPasses(() => expect(handled).toHaveLength(2))
  const [first, second] = handled as [(typeof handled)[0], (typeof handled)[0]]
  expect(handled.map(({ bodies }) => bodies)).toEqual([[0], [1, 2]])
  expect(first.at - startedAt).toBeLessThan(1000)
  expect(second.at - first.at).toBeGreaterThan(1490)
  await Promise.all(range(10).map(i => queue.publish(webhook(i + 3))))
  await untilPasses(() => expect(handled).toHaveLength(3))
  expect((handled.at(-1)?.at ?? 0) - second.at).toBeLessThan(1000)
})

test('an outage is waited out in place: no attempt, no dead letter, order kept', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  await Promise.all(range(20).map(i => queue.publish(webhook(i))))
  let refusals = 3
  const seen: Delivery[] = []
  await queue.consumeBatches(
    queue0,
    async deliveries => {
      if (refusals-- > 0) throw new Outage('mongodb is away')
      seen.push(...deliveries)
      return DONE
    },
    batches,
  )
  await untilPasses(() => expect(seen).toHaveLength(20))
  expect(seen.map(bodyOf)).toEqual(range(20))
  expect(seen.every(delivery => delivery.attempt === 1 && !delivery.redelivered)).toBe(true)
})

test('a hand-over in the middle of a batch keeps every message and their order', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  await Promise.all(range(60).map(i => queue.publish(webhook(i))))
  const seen: number[] = []
  const take = (pauseMs: number) => async (deliveries: Delivery[]) => {
    await sleep(pauseMs)
    seen.push(...deliveries.map(bodyOf))
    return DONE
  }
  const first = await queue.consumeBatches(queue0, take(100), { prefetch: 512, maxBatch: 10, lingerMs: 5 })
  await untilPasses(() => expect(seen.length).toBeGreaterThanOrEqual(10))
  await first[Symbol.asyncDispose]()
  await queue.consumeBatches(queue0, take(0), { prefetch: 512, maxBatch: 10, lingerMs: 5 })
  await untilPasses(() => expect(seen).toHaveLength(60))
  expect(seen).toEqual(range(60))
})

test('two instances share the shards, and one takes all when the other ends', async ({ world }) => {
  const [a, b] = await Promise.all([open(world.rabbitmqUrl), open(world.rabbitmqUrl)])
  const feeder = await open(world.rabbitmqUrl)
  const options = { ...batches, membersQueue: QUEUES.members, joinMembers: true }
  const first = await a.consumeShards(QUEUES.conversation, async () => DONE, options)
  const second = await b.consumeShards(QUEUES.conversation, async () => DONE, options)
  const feed = setInterval(() => {
    for (const shard of range(4)) feeder.publish(webhook('tick', `conversation.${shard}`)).catch(() => undefined)
  }, 50)
  onTestFinished(() => clearInterval(feed))

  await untilPasses(() => expect([first.activeShards().length, second.activeShards().length]).toEqual([2, 2]))
  expect(new Set([...first.activeShards(), ...second.activeShards()]).size).toBe(4)
  await first[Symbol.asyncDispose]()
  await untilPasses(() => expect(second.activeShards()).toHaveLength(4))
})

test('a ladder that is used up ends in the dead letters', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl, { ladder: [1, 1] })
  const attempts: number[] = []
  const dead: Delivery[] = []
  await queue.consume(
    QUEUES.account,
    async delivery => {
      attempts.push(delivery.attempt)
      throw new Error('always')
    },
    { prefetch: 10 },
  )
  await queue.consume(
    QUEUES.dead,
    async delivery => {
      dead.push(delivery)
      return DONE
    },
    { prefetch: 10 },
  )
  await queue.publish(webhook('poison', 'account'))
  await untilPasses(() => expect(dead).toHaveLength(1))
  expect(attempts).toEqual([1, 2, 3])
  expect(readDeadLetter(dead[0] as Delivery)).toMatchObject({ queue: QUEUES.account, reason: 'attempts used up', attempt: 3 })
})

test('later comes back without counting an attempt', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const attempts: number[] = []
  await queue.consume(
    queue0,
    async delivery => {
      attempts.push(delivery.attempt)
      return attempts.length < 3 ? { kind: 'later', delayMs: 500 } : DONE
    },
    { prefetch: 10 },
  )
  await queue.publish(webhook('x'))
  await untilPasses(() => expect(attempts).toEqual([1, 1, 1]))
})

test('[F20] an outage that lasts gives the messages back once, and takes them again in order when it is over', async ({
  world,
}) => {
  const queue = await open(world.rabbitmqUrl, { outageInPlaceMs: 100 })
  await Promise.all(range(20).map(i => queue.publish(webhook(i))))
  let isAway = true
  let asked = 0
  const seen: Delivery[] = []
  const available = async () => {
    if (++asked === 2) isAway = false
    return !isAway
  }
  await queue.consumeBatches(
    queue0,
    async deliveries => {
      if (isAway) throw new Outage('mongodb is away')
      seen.push(...deliveries)
      return DONE
    },
    { ...batches, available },
  )
  await untilPasses(() => expect(seen).toHaveLength(20))
  expect(seen.map(bodyOf)).toEqual(range(20))
  expect(seen.every(delivery => delivery.attempt === 1 && delivery.redelivered)).toBe(true)
})

test('[F20] an outage that nobody sees from outside makes no dead letter, however many rounds it lasts', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl, { outageInPlaceMs: 0, outageRoundMs: 1 })
  let isAway = true
  let dead = 0
  const seen = { ordered: { calls: 0, done: new Set() }, parallel: { calls: 0, done: new Set() } }
  const handlerOf = (mine: (typeof seen)['ordered']) => async (deliveries: Delivery[]) => {
    mine.calls++
    if (isAway) throw new Outage('writes are refused')
    for (const delivery of deliveries) mine.done.add(bodyOf(delivery))
    return DONE
  }
  const counted = async () => {
    dead++
    return DONE
  }
  await queue.consume(QUEUES.dead, counted, { prefetch: 10 })
  const available = async () => true
  const parallel = handlerOf(seen.parallel)
  await queue.consumeBatches(queue0, handlerOf(seen.ordered), { ...batches, maxBatch: 10, available })
  await queue.consume(QUEUES.account, delivery => parallel([delivery]), { prefetch: 20, available })
  await Promise.all(range(30).flatMap(i => [queue.publish(webhook(i)), queue.publish(webhook(i, 'account'))]))
  // The broker makes a dead letter after 20 returns; each round returns all that is in hand.
  await untilTrue(() => seen.ordered.calls > 30 && seen.parallel.calls > 30 * 20, 120_000)
  isAway = false
  await untilTrue(() => seen.ordered.done.size === 30 && seen.parallel.done.size === 30)
  expect(dead).toBe(0)
}, 180_000)

test('[F34] a message that ends every process that takes it becomes a dead letter by the broker', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const dead: Delivery[] = []
  const died = Promise.withResolvers<void>()
  await queue.consume(
    QUEUES.dead,
    async delivery => {
      dead.push(delivery)
      died.resolve()
      return DONE
    },
    { prefetch: 10 },
  )
  await queue.publish(webhook('killer', 'account'))
  const connection = await connect(world.rabbitmqUrl)
  onTestFinished(() => connection.close())
  // A channel that ends with the message in hand is what the broker sees of a process that dies over it.
  while (dead.length === 0) {
    const channel = await connection.createChannel()
    const taken = Promise.withResolvers<void>()
    await channel.consume(QUEUES.account, () => taken.resolve())
    await Promise.race([taken.promise, died.promise])
    await channel.close()
  }
  expect(readDeadLetter(dead[0] as Delivery)).toMatchObject({
    queue: QUEUES.account,
    exchange: EXCHANGES.webhook,
    routingKey: 'account',
    reason: 'delivery_limit',
    attempt: 1,
  })
})

test('stopping lets work in hand finish, ack it, and signals it to hurry; nothing of it comes again', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const started: number[] = []
  const finished: number[] = []
  const hurried: boolean[] = []
  const consumer = await queue.consume(
    queue0,
    async (delivery, signal) => {
      started.push(bodyOf(delivery))
      await sleep(300)
      hurried.push(signal.aborted)
      finished.push(bodyOf(delivery))
      return DONE
    },
    { prefetch: 4 },
  )
  await Promise.all(range(10).map(i => queue.publish(webhook(i))))
  await untilPasses(() => expect(started).toHaveLength(4))
  await consumer[Symbol.asyncDispose]()
  expect(finished.sort()).toEqual(started.sort())
  expect(hurried).toContain(true)
  expect(consumer.isReady()).toBe(false)
  const rest: number[] = []
  await queue.consume(
    queue0,
    async delivery => {
      rest.push(bodyOf(delivery))
      return DONE
    },
    { prefetch: 1 },
  )
  await untilPasses(() => expect([...rest, ...finished].sort()).toEqual(range(10)))
})

test('closing the queue drains its consumers first', async ({ world }) => {
  const feeder = await open(world.rabbitmqUrl)
  const queue = await open(world.rabbitmqUrl)
  const started: number[] = []
  const closing = Promise.withResolvers<void>()
  await queue.consumeBatches(
    queue0,
    async deliveries => {
      started.push(deliveries.length)
      await closing.promise
      await sleep(200)
      // What a handler publishes on its way out still goes through.
      await queue.publish(webhook('from the handler', 'account'))
      return DONE
    },
    { ...batches, maxBatch: 5 },
  )
  await Promise.all(range(20).map(i => feeder.publish(webhook(i))))
  await untilPasses(() => expect(started).toHaveLength(1))
  closing.resolve()
  await queue[Symbol.asyncDispose]()
  const left = 20 - (started[0] ?? 0)
  await untilPasses(async () => expect((await feeder.check(queue0)).messageCount).toBe(left))
  expect(started).toHaveLength(1)
  expect((await feeder.check(QUEUES.account)).messageCount).toBe(1)
})

test('a message too large for the broker is refused, others pass', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const results = await Promise.allSettled([
    queue.publish(webhook(Buffer.alloc(9 * 1024 * 1024))),
    queue.publish({ ...webhook(Buffer.alloc(4 * 1024 * 1024)), messageId: 'large' }),
  ])
  expect(results.map(result => result.status)).toEqual(['rejected', 'fulfilled'])
})

test('a publish that closes its channel harms no other queue, and the channel comes back', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const wrong = { ...webhook('x'), exchange: 'linko.nowhere.v1' }
  const results = await Promise.allSettled([queue.publish(wrong), queue.publish(webhook('y'))])
  expect(results).toMatchObject([{ reason: { reason: 'disconnected' } }, { status: 'fulfilled' }])
  await untilPasses(() => expect(queue.isReady()).toBe(true))
})

test('asking for a queue that is not there disturbs nobody', async ({ world }) => {
  const queue = await open(world.rabbitmqUrl)
  const seen: unknown[] = []
  await queue.consume(
    queue0,
    async delivery => {
      seen.push(bodyOf(delivery))
      return DONE
    },
    { prefetch: 10 },
  )
  const answers = await Promise.allSettled([queue.check('linko.nowhere'), queue.check(queue0), queue.publish(webhook(1))])
  expect(answers.map(answer => answer.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  await untilPasses(() => expect(seen).toEqual([1]))
})
