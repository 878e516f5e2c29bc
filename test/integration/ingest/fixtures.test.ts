import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { expect } from 'vitest'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { parseWebhook } from '#shared/meta/webhook.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { listen } from '#shared/process/health.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { APP_SECRET, log, startIngest, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'

const FIXTURES = path.join(ROOT, 'test/fixtures/webhooks')
const read = (file: string) => JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8'))

test('every fixture is answered 200, and every item of it has its row', async ({ world }) => {
  const { post, store } = await startIngest(world)
  const files = globSync('*.json', { cwd: FIXTURES }).sort()
  expect(files).toHaveLength(191)
  const expected = new Set<string>()
  for (const file of files) {
    const body = read(file)
    expect([file, (await post(body)).status]).toEqual([file, 200])
    for (const item of parseWebhook(body, new Date())) expected.add(item.eventId)
  }
  await untilPasses(async () => expect(await store.raw.webhookEvents.countDocuments()).toBe(expected.size))
  expect(await store.raw.deadLetters.countDocuments()).toBe(0)
}, 240_000)

const A = { phoneNumberId: '1054543651068213', wabaId: '310200450078901' }
const B = { phoneNumberId: '2054543651068213', wabaId: '320900560012345' }
const textOf = (id: string, from: string, body: string) => ({ from, id, timestamp: '1795165200', type: 'text', text: { body } })
const changeOf = ({ phoneNumberId }: typeof A, messages: object[]) => ({
  field: 'messages',
  value: { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, messages },
})

test('[F32] of a thousand changes of two companies in one body the broken one fails alone', async ({ world }) => {
  const { post, store } = await startIngest(world)
  const entry = [A, B].map((number, n) => ({
    id: number.wabaId,
    changes: Array.from({ length: 500 }, (_, i) =>
      changeOf(number, [textOf(`wamid.F32.${n}.${i}`, `21266${n}${100_000 + i}`, `${i}`)]),
    ),
  }))
  // A message without an id is nobody's.
  entry[0]?.changes.push(changeOf(A, [{ from: '212660100000', timestamp: '1795165200', type: 'text', text: { body: 'broken' } }]))
  expect((await post({ object: 'whatsapp_business_account', entry })).status).toBe(200)
  await untilPasses(async () => expect(await store.raw.webhookEvents.countDocuments()).toBe(1001))
  expect(await store.raw.webhookEvents.countDocuments({ status: 'PROCESSED' })).toBe(1000)
  expect(await store.raw.webhookEvents.countDocuments({ status: 'FAILED' })).toBe(1)
  const tenants = await store.raw.messages
    .aggregate([{ $match: { wamid: /^wamid\.F32/ } }, { $group: { _id: '$tenantId', n: { $sum: 1 } } }])
    .toArray()
  expect(tenants.map(({ n }) => n)).toEqual([500, 500])
})

test('[F29] twenty messages of one person, as fast as they come, are stored, shown and told in their order', async ({
  world,
}) => {
  const { post, store } = await startIngest(world)
  const texts = Array.from({ length: 20 }, (_, i) => `message ${i + 1}`)
  for (const [i, text] of texts.entries()) {
    const body = {
      object: 'whatsapp_business_account',
      entry: [{ id: A.wabaId, changes: [changeOf(A, [textOf(`wamid.F29.${i}`, '212660299999', text)])] }],
    }
    expect((await post(body)).status).toBe(200)
  }
  const own = { wamid: /^wamid\.F29/ }
  await untilPasses(async () => expect(await store.raw.messages.countDocuments(own)).toBe(20))
  const shown = await store.raw.messages.find(own).sort({ at: 1, _id: 1 }).toArray()
  expect(shown.map(({ content }) => content.text)).toEqual(texts)
  const { conversationId } = shown[0] as (typeof shown)[0]
  const told = await store.raw.events.find({ name: 'message:received', conversationId }).sort({ $natural: 1 }).toArray()
  expect(told.map(({ payload }) => (payload.message as { text: string }).text)).toEqual(texts)
})

test('[F31] one webhook at the same instant to two receivers has one effect', async ({ world }) => {
  const { post, queue, store } = await startIngest(world)
  const app = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  await using second = await listen(createServer(app), '127.0.0.1', 0)
  const other = `http://127.0.0.1:${second.port}/api/v1/webhook`
  const body = read('message-text.json')
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? post(body, {}, other) : post(body))))
  expect(answers.every(answer => answer.status === 200)).toBe(true)
  const wamid = body.entry[0].changes[0].value.messages[0].id
  await untilPasses(async () => expect(await store.raw.messages.countDocuments({ wamid })).toBe(1))
  // Queued behind the copies of the same person: when it is there, so are they.
  const { from } = body.entry[0].changes[0].value.messages[0]
  const last = {
    object: body.object,
    entry: [{ id: A.wabaId, changes: [changeOf(A, [textOf('wamid.F31.last', from, 'last')])] }],
  }
  await post(last)
  await untilPasses(async () => expect(await store.raw.messages.countDocuments({ wamid: 'wamid.F31.last' })).toBe(1))
  const { conversationId } = (await store.raw.messages.findOne({ wamid })) as MessageDoc
  const messageCount = await store.raw.messages.countDocuments({ conversationId })
  // Messages are written before their conversation, and events last.
  await untilPasses(async () => {
    expect(await store.raw.conversations.findOne({ _id: conversationId })).toMatchObject({ messageCount, unreadCount: 2 })
    expect(await store.raw.events.countDocuments({ name: 'message:received', conversationId })).toBe(2)
  })
})

test('[F31] fifty copies at once leave one message', async ({ world }) => {
  const { post, store } = await startIngest(world)
  const body = read('message-text.json')
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(body)))
  expect(answers.every(answer => answer.status === 200)).toBe(true)
  const wamid = body.entry[0].changes[0].value.messages[0].id
  await untilPasses(async () => expect(await store.raw.messages.countDocuments({ wamid })).toBe(1))
})
