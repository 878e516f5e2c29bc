import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createLimits } from '#deploy/simulator/sending/limits.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, TOKEN } from '#test/support/worlds/sender.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const number = { phoneNumberId, wabaId, throughput: 80 }

test('the simulated Meta accepts what the sender makes of a text and a template', async ({ world }) => {
  await using simulator = await createSimulator()
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  await using w = await openSenderWorld(world, simulator.url, number)
  await using _sender = await w.startSender()
  const text = await w.sendOne()
  const component = { type: 'body', parameters: [{ type: 'text', text: 'Salma' }] }
  const template = { name: 'welcome', language: { code: 'en_US' }, components: [component] }
  const welcome = await w.sendOne({ type: 'template', payload: { type: 'template', template } })
  const rows = [await w.until(text, m => m.status === 'SENT'), await w.until(welcome, m => m.status === 'SENT')]
  const { data } = simulator.messages({ phoneNumberId })
  expect(new Set(data.map(({ id }) => id))).toEqual(new Set(rows.map(row => row.wamid)))
  expect(data.map(({ body }) => (body as { biz_opaque_callback_data: string }).biz_opaque_callback_data).toSorted()).toEqual(
    [text, welcome].map(message => `1:c:${message._id}:1`).toSorted(),
  )
})

test('what the simulated Meta refuses fails with its code, and a dead token pauses the number', async ({ world }) => {
  await using simulator = await createSimulator()
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  await using w = await openSenderWorld(world, simulator.url, number)
  await using _sender = await w.startSender()
  const template = { name: 'no_such_template', language: { code: 'fr' } }
  const missing = await w.sendOne({ type: 'template', payload: { type: 'template', template } })
  expect((await w.until(missing, m => m.status === 'FAILED')).error).toMatchObject({ code: 132001, source: 'meta' })
  simulator.refuseToken(TOKEN)
  const waiting = await w.sendOne()
  await w.until(waiting, m => m.dispatch?.reason === 'paused')
  expect(await w.number()).toMatchObject({ status: 'paused', pauseReason: 'token' })
})

test("[F38] at its full rate a number never meets the simulated Meta's limit", async ({ world }) => {
  await using simulator = await createSimulator()
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  // The limit is asked about the times at which the calls began: a busy machine carries them together.
  simulator.rules({ throughput: false })
  await using w = await openSenderWorld(world, simulator.url, number)
  const times: number[] = []
  const onCall = (startedAt: number) => void times.push(startedAt)
  await using _a = await w.startSender({ onCall })
  await using _b = await w.startSender({ onCall })
  const messages = await Promise.all(Array.from({ length: 240 }, async () => w.messageIn(await w.addConversation())))
  await w.send(messages)
  // What is left says why, where it does not end.
  const left = async () => {
    const filter = { tenantId: w.tenantId, status: { $ne: 'SENT' as const } }
    const rows = await w.store.raw.messages.find(filter, { projection: { status: 1, dispatch: 1, error: 1 } }).toArray()
    return rows.map(({ status, dispatch, error }) => ({ status, ...dispatch, error }))
  }
  const done = () => w.store.raw.messages.countDocuments({ tenantId: w.tenantId, status: 'SENT' })
  await untilPasses(async () => expect([await left(), await done()]).toEqual([[], 240]))
  const limits = createLimits()
  const isRefused = (at: number) => {
    const isFree = limits.throughputIsFree(phoneNumberId, number.throughput, at)
    if (isFree) limits.charge(phoneNumberId, number.throughput, `${at}`, at)
    return !isFree
  }
  expect(times).toHaveLength(240)
  expect(times.toSorted((a, b) => a - b).filter(isRefused)).toEqual([])
})

test('[F24] an answer that is lost after the request was taken is settled without a second post', async ({ world }) => {
  await using simulator = await createSimulator()
  simulator.token({ token: TOKEN, wabaIds: [wabaId] })
  simulator.faults([{ match: { path: '/messages' }, times: 1, effect: { after: true, reset: true } }])
  await using w = await openSenderWorld(world, simulator.url, number)
  await using _sender = await w.startSender({ unknownDeadlineMs: 500 })
  const message = await w.sendOne()
  expect((await w.until(message, m => m.status === 'FAILED')).error).toMatchObject({ source: 'platform' })
  expect(simulator.messages({ phoneNumberId }).data).toHaveLength(1)
})
