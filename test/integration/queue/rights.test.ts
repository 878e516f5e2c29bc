import { type Channel, connect } from 'amqplib'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { brokerUserName } from '#deploy/broker-users.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { declareTopology } from '#shared/queue/declare.ts'
import { BROKER_USERS, type BrokerUser, type ServiceName, topologyBeside, topologyOf } from '#shared/queue/rights.ts'
import { EXCHANGES, QUEUES, retryQueue, topology } from '#shared/queue/topology.ts'
import { DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import { untilPasses } from '#test/support/until.ts'
import { open } from '#test/support/worlds/queue.ts'

const { restricted } = inject('servers')
if (restricted === null) console.log('rights are not tested: a broker that came by its address has no users of ours')

const SERVICES = BROKER_USERS.filter((user): user is ServiceName => user !== 'topology')

describe.runIf(restricted !== null)('with users of least rights', { timeout: 240_000 }, () => {
  const urlOf = (user: BrokerUser) =>
    (restricted?.url ?? '').replace('USER', brokerUserName(user)).replace('PASSWORD', restricted?.passwords[user] ?? '')

  /** A connection of a service, after `migrate` has declared everything. */
  async function openAs(service: ServiceName): Promise<Queue> {
    await declared()
    return open(urlOf(service), { service, name: service, ladder: [1] })
  }

  async function openAll(): Promise<Record<ServiceName, Queue>> {
    const opened = await Promise.all(SERVICES.map(async service => [service, await openAs(service)] as const))
    return Object.fromEntries(opened) as Record<ServiceName, Queue>
  }

  let declaring: Promise<void> | undefined
  const declared = () => {
    declaring ??= open(urlOf('topology')).then(queue => queue[Symbol.asyncDispose]())
    return declaring
  }

  async function channelAs(user: BrokerUser): Promise<Channel> {
    await declared()
    const connection = await connect(urlOf(user))
    connection.on('error', () => undefined)
    onTestFinished(() => connection.close().catch(() => undefined))
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    return channel
  }

  /** Subscribes for the time of one test. @returns the ids of what came */
  async function takeFrom(queue: Queue, name: string, outcome: () => Outcome = () => DONE): Promise<string[]> {
    const seen: string[] = []
    const handler = async ({ messageId }: { messageId: string | null }) => {
      seen.push(messageId ?? '')
      return outcome()
    }
    await queue.consume(name, handler, { prefetch: 10 })
    return seen
  }

  const to = (exchange: string, routingKey: string, messageId: string) => ({
    ...{ exchange, routingKey, messageId },
    type: MESSAGE_TYPE.webhook,
    body: { messageId },
  })

  test.for(SERVICES)('%s declares what is its own, again and again', async service => {
    const queue = await openAs(service)
    await queue[Symbol.asyncDispose]()
    expect((await openAs(service)).isReady()).toBe(true)
  })

  test.for(SERVICES)('%s cannot declare, delete, fill or empty a queue of another service', async service => {
    const refused = expect.objectContaining({ code: 403 })
    const [own, foreign] = [topologyOf(service), topologyBeside(service)]
    for (const { name, arguments: args } of foreign.queues) {
      const attempts: ((channel: Channel) => Promise<unknown>)[] = [
        channel => channel.assertQueue(name, { durable: true, arguments: args }),
        channel => channel.deleteQueue(name),
        channel => channel.purgeQueue(name),
        channel => channel.get(name),
      ]
      for (const attempt of attempts) await expect(attempt(await channelAs(service)), name).rejects.toEqual(refused)
    }
    for (const { name, type } of foreign.exchanges)
      await expect((await channelAs(service)).assertExchange(name, type), name).rejects.toEqual(refused)
    const connection = await connect(urlOf(service))
    onTestFinished(() => connection.close().catch(() => undefined))
    await expect(declareTopology(connection, topology())).rejects.toEqual(refused)
    await expect(declareTopology(connection, own)).resolves.toBe(false)
    await expect((await channelAs(service)).assertQueue('linko.own-idea')).rejects.toEqual(refused)
  })

  test.for(SERVICES)('%s cannot publish past the exchanges, straight into a queue', async service => {
    const connection = await connect(urlOf(service))
    connection.on('error', () => undefined)
    onTestFinished(() => connection.close().catch(() => undefined))
    const channel = await connection.createConfirmChannel()
    const failed = new Promise<Error>(resolve => channel.once('error', resolve))
    channel.publish('', QUEUES.dead, Buffer.from('{}'), {}, () => undefined)
    expect(await failed).toMatchObject({ code: 403 })
  })

  test('each service does its work: webhooks, jobs, events, delays and dead letters', async () => {
    const { receiver, ingest, gateway, sender, realtime } = await openAll()
    const came = {
      webhooks: await takeFrom(ingest, QUEUES.conversation[0] as string),
      media: await takeFrom(ingest, QUEUES.media),
      dead: await takeFrom(ingest, QUEUES.dead),
      jobs: await takeFrom(sender, QUEUES.chat, () => ({ kind: 'dead-letter', reason: 'no use' })),
      receipts: await takeFrom(sender, QUEUES.receipts),
      events: await takeFrom(realtime, QUEUES.realtime[0] as string),
    }
    await receiver.publish(to(EXCHANGES.webhook, 'conversation.0', 'by receiver'))
    await ingest.publish(to(EXCHANGES.webhook, 'conversation.0', 'by ingest'))
    await gateway.publish(to(EXCHANGES.webhook, 'conversation.0', 'by gateway'))
    await sender.publish(to(EXCHANGES.webhook, 'conversation.0', 'by sender'))
    for (const queue of [ingest, gateway]) await queue.publish(to(EXCHANGES.media, 'media', 'file'))
    for (const queue of [gateway, sender]) await queue.publish(to(EXCHANGES.send, 'chat', 'job'))
    await gateway.publish(to(EXCHANGES.send, 'receipt', 'receipt'))
    for (const queue of [ingest, gateway, sender]) await queue.publish(to(EXCHANGES.event, '0.mixed', 'event'))
    await gateway.publish(to(retryQueue(1), QUEUES.realtime[0] as string, 'again'))
    await untilPasses(() =>
      expect({ ...came, webhooks: came.webhooks.toSorted(), events: came.events.toSorted() }).toEqual({
        webhooks: ['by gateway', 'by ingest', 'by receiver', 'by sender'],
        media: ['file', 'file'],
        dead: ['job', 'job'],
        jobs: ['job', 'job'],
        receipts: ['receipt'],
        events: ['again', 'event', 'event', 'event'],
      }),
    )
  })

  test('consumers put off what must wait, and know how many they are', async () => {
    const { ingest, sender, realtime } = await openAll()
    const later = () => {
      let tries = 0
      return (): Outcome => (tries++ === 0 ? { kind: 'later', delayMs: 500 } : DONE)
    }
    const came = await Promise.all([
      takeFrom(ingest, QUEUES.account, later()),
      takeFrom(sender, QUEUES.bulk, later()),
      takeFrom(realtime, QUEUES.realtime[1] as string, later()),
    ])
    await ingest.publish(to(EXCHANGES.webhook, 'account', 'a'))
    await sender.publish(to(EXCHANGES.send, 'bulk', 'a'))
    await sender.publish(to(EXCHANGES.event, '1.mixed', 'a'))
    await untilPasses(() =>
      expect(came).toEqual([
        ['a', 'a'],
        ['a', 'a'],
        ['a', 'a'],
      ]),
    )
    const options = { prefetch: 1, maxBatch: 1, lingerMs: 0, membersQueue: QUEUES.members, joinMembers: true }
    await realtime.consumeShards(QUEUES.realtime.slice(2), async deliveries => deliveries.map(() => DONE), options)
    expect(await realtime.check(QUEUES.members)).toMatchObject({ consumerCount: 1 })
    for (const name of [...QUEUES.conversation, QUEUES.chat]) await expect(sender.check(name)).resolves.toBeDefined()
  })

  test('a service declares its own queue anew, and works on while one of another is missing', async () => {
    const sender = await openAs('sender')
    const came = await takeFrom(sender, QUEUES.chat)
    const topologist = await channelAs('topology')
    for (const name of [QUEUES.chat, QUEUES.realtime[3] as string]) await topologist.deleteQueue(name)
    const again = await openAs('sender')
    await untilPasses(() => again.publish(to(EXCHANGES.send, 'chat', 'after')))
    await untilPasses(() => expect(came).toContain('after'), 150_000)
    await expect(again.check(QUEUES.realtime[3] as string)).rejects.toThrow()
    await openAs('realtime')
    await expect(again.check(QUEUES.realtime[3] as string)).resolves.toBeDefined()
  })
})
