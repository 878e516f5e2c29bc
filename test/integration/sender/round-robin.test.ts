import pino from 'pino'
import { expect } from 'vitest'
import { DueRelease } from '#services/sender/background/release-due.ts'
import { createRoundRobin } from '#services/sender/background/round-robin.ts'
import { settleUnknown } from '#services/sender/background/settle-unknown.ts'
import { createNumbers } from '#services/sender/numbers.ts'
import { createPublishing } from '#services/sender/publishing.ts'
import type { ClientDoc, MessageDoc } from '#shared/model/documents.ts'
import { serverClock } from '#shared/store/clock.ts'
import { test, type World } from '#test/support/world.ts'
import { type MessageChanges, openSenderWorld, type SenderWorld } from '#test/support/worlds/sender.ts'

const log = pino({ level: 'silent' })

/** The sweeps without their process: a round runs when the test says so. */
async function open(world: World) {
  await using stack = new AsyncDisposableStack()
  const w = stack.use(await openSenderWorld(world, 'http://127.0.0.1:9', { phoneNumberId: '1' }))
  const clock = stack.use(await serverClock(w.store, { log }))
  const numbers = createNumbers(w.store, w.keyring)
  const publishing = createPublishing(w.queue, log)
  const roundRobin = createRoundRobin(w.store, log)
  const deps = { store: w.store, numbers, publishing, clock, log, roundRobin }
  const opened = stack.move()
  return { w, deps, due: new DueRelease(deps), [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Messages of a number in this state, each in a conversation of its own. */
async function stand(w: SenderWorld, number: ClientDoc, count: number, changes: MessageChanges): Promise<MessageDoc[]> {
  const { _id: clientId, phoneNumberId } = number
  const conversations = await Promise.all(Array.from({ length: count }, () => w.addConversation({ clientId, phoneNumberId })))
  const rows = conversations.map(conversation => w.messageIn(conversation, changes))
  await w.insert(rows)
  return rows
}

const countLeft = (w: SenderWorld, number: ClientDoc, state: 'UNKNOWN' | 'WAITING') =>
  w.store.raw.messages.countDocuments({ tenantId: w.tenantId, phoneNumberId: number.phoneNumberId, 'dispatch.state': state })

test('[F35] a number with very many outcomes to settle keeps no other waiting', async ({ world }) => {
  await using t = await open(world)
  const last = await t.w.addNumber({ phoneNumberId: '2' })
  const unknown = { dispatch: { state: 'UNKNOWN' as const, attempt: 1, deadlineAt: new Date(Date.now() - 1000) } }
  await stand(t.w, t.w.client, 600, unknown)
  const [one] = await stand(t.w, last, 1, unknown)
  await settleUnknown(t.deps)
  expect((await t.w.get(one as MessageDoc)).status).toBe('FAILED')
  expect(await countLeft(t.w, t.w.client, 'UNKNOWN')).toBe(350)
})

test('a number whose rows cannot be released keeps no other waiting', async ({ world }) => {
  await using t = await open(world)
  const last = await t.w.addNumber({ phoneNumberId: '2' })
  const due = { dispatch: { state: 'WAITING' as const, reason: 'rate' as const, nextStepAt: new Date(Date.now() - 1000) } }
  await stand(t.w, t.w.client, 3, due)
  await stand(t.w, last, 3, due)
  const find: typeof t.deps.numbers.find = async ids => {
    if ([...ids].includes('1')) throw new Error('its row is broken')
    return t.deps.numbers.find(ids)
  }
  await new DueRelease({ ...t.deps, numbers: { ...t.deps.numbers, find } }).release()
  expect([await countLeft(t.w, t.w.client, 'WAITING'), await countLeft(t.w, last, 'WAITING')]).toEqual([3, 0])
  await t.due.release()
  expect(await countLeft(t.w, t.w.client, 'WAITING')).toBe(0)
})

test('[F35] each number gets its share of a round, however much stands at the others', async ({ world }) => {
  await using t = await open(world)
  const others = await Promise.all(
    ['2', '3', '4', '5', '6'].map(phoneNumberId => t.w.addNumber({ phoneNumberId, throughput: 10 })),
  )
  const due = { dispatch: { state: 'WAITING' as const, reason: 'rate' as const, nextStepAt: new Date(Date.now() - 1000) } }
  await t.w.store.raw.clients.updateOne({ _id: t.w.client._id }, { $set: { throughput: 10 } })
  await stand(t.w, t.w.client, 200, due)
  for (const other of others) await stand(t.w, other, 2, due)
  await t.due.release()
  expect(await Promise.all(others.map(other => countLeft(t.w, other, 'WAITING')))).toEqual([0, 0, 0, 0, 0])
  expect(await countLeft(t.w, t.w.client, 'WAITING')).toBe(200 - 10 - 4)
})
