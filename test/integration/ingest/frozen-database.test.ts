import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { seedDemo } from '#deploy/demo/seed.ts'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { startDeadLetterConsumer } from '#services/ingest/recorder/dead-letters.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { EXCHANGES, QUEUES, webhookKeys } from '#shared/queue/topology.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type PrivateMongod, startPrivateMongod } from '#test/support/private-mongod.ts'
import { untilTrue } from '#test/support/until.ts'
import { inboundOf } from '#test/support/webhooks.ts'
import { test, type World } from '#test/support/world.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const PEOPLE = 12

let mongod: PrivateMongod
beforeAll(async () => {
  mongod = await startPrivateMongod()
  await using store = await connectStore(mongod.uri)
  await migrate(store)
  await seedDemo(store, keyring)
}, 240_000)
afterAll(() => mongod[Symbol.asyncDispose]())

/** A recorder that soon gives up waiting in place. Statements get an answer within a second or none. */
async function startRecording(world: World) {
  const store = await connectStore(mongod.uri, { answerTimeoutMs: 1000, selectionTimeoutMs: 1000 })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const options = { log, name: 'test', youngQueueWaitMs: 0, outageInPlaceMs: 500, outageRoundMs: 10 }
  const queue = await connectQueue(world.rabbitmqUrl, options)
  onTestFinished(() => queue[Symbol.asyncDispose]())
  const deadLetters = await startDeadLetterConsumer({ store, queue, log })
  onTestFinished(() => deadLetters[Symbol.asyncDispose]())
  const recorder = await startRecorder({ store, queue, log })
  onTestFinished(() => recorder[Symbol.asyncDispose]())

  const send = (wamid: string, person: string) =>
    queue.publish({
      exchange: EXCHANGES.webhook,
      routingKey: webhookKeys.conversation(phoneNumberId, person),
      type: MESSAGE_TYPE.webhook,
      body: inboundOf(wamid, person, { type: 'text', text: { body: 'Bonjour' } }),
      messageId: wamid,
      isUrgent: true,
    })
  const sendAll = (round: string) =>
    Promise.all(Array.from({ length: PEOPLE }, (_, i) => send(`wamid.${round}.${i}`, `2126619940${10 + i}`)))
  const stored = (round: string) => store.raw.messages.countDocuments({ wamid: { $regex: `^wamid\\.${round}\\.` } })
  /** Of the conversation queues, those that nobody consumes at the moment. */
  const unconsumed = async () => {
    const checks = await Promise.all(QUEUES.conversation.map(name => queue.check(name)))
    return checks.filter(({ consumerCount, messageCount }) => consumerCount === 0 && messageCount > 0).length
  }
  return { store, queue, sendAll, stored, unconsumed }
}

test('[F19] a database that takes no writes is away although it answers pings: its messages wait, and none dies', async ({
  world,
}) => {
  const { store, sendAll, stored, unconsumed } = await startRecording(world)
  expect(await store.takesWrites()).toBe(true)
  await sendAll('before')
  await untilTrue(async () => (await stored('before')) === PEOPLE)
  {
    await using _lock = await mongod.lock()
    await sendAll('locked')
    expect(await store.takesWrites()).toBe(false)
    expect(await store.connection.db?.command({ ping: 1 })).toMatchObject({ ok: 1 })
    // Whoever asked with a ping would subscribe again at once, and use up the broker's 20 returns.
    await untilTrue(async () => (await unconsumed()) === QUEUES.conversation.length, 120_000)
    for (let i = 0; i < 20; i++) {
      await sleep(100)
      expect(await unconsumed()).toBe(QUEUES.conversation.length)
    }
  }
  await untilTrue(async () => (await stored('locked')) === PEOPLE, 60_000)
  expect(await store.raw.deadLetters.countDocuments()).toBe(0)
}, 300_000)

test('[F19] a primary that steps down and is elected again: everything is stored once, no dead letter', async ({ world }) => {
  const { store, sendAll, stored } = await startRecording(world)
  await sendAll('first')
  await mongod.stepDown(3)
  await sendAll('second')
  await untilTrue(async () => (await stored('first').catch(() => 0)) === PEOPLE, 90_000)
  await untilTrue(async () => (await stored('second')) === PEOPLE, 90_000)
  expect(await store.raw.deadLetters.countDocuments()).toBe(0)
}, 240_000)
