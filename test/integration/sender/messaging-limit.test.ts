import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { findFirstWritten } from '#shared/store/dispatch/first-written.ts'
import { untilTrue } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { type MessageChanges, openSenderWorld, type SenderWorld, startMeta } from '#test/support/worlds/sender.ts'

const HOUR_MS = 3_600_000
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS)
let wamids = 0

/** Template that WhatsApp accepted so long ago, in a conversation of its own. */
async function sent(w: SenderWorld, hours: number, window: Date | null, changes: MessageChanges = {}): Promise<ConversationDoc> {
  const conversation = await w.addConversation({ windowExpiresAt: window })
  const taken = { type: 'template', status: 'SENT' as const, at: ago(hours), wamid: `wamid.p.${++wamids}`, dispatch: null }
  await w.insert([w.messageIn(conversation, { ...taken, ...changes })])
  return conversation
}

async function open(world: World, messagingLimit: number) {
  await using stack = new AsyncDisposableStack()
  const meta = stack.use(await startMeta())
  const portfolioId = `7${randomBytes(4).readUInt32BE(0)}`
  const w = stack.use(await openSenderWorld(world, meta.url, { portfolioId, messagingLimit }))
  const people = async () => (await w.redis.zrange(`${w.prefix}:q:${portfolioId}`, '0', '-1')).toSorted()
  const isKept = async () => (await w.redis.exists(`${w.prefix}:q-kept`)) === 1
  const opened = stack.move()
  return { meta, w, people, isKept, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

test('who was written to first is counted again from the messages when Redis has lost it', async ({ world }) => {
  await using t = await open(world, 1000)
  const first = await Promise.all([
    sent(t.w, 1, null), // never wrote
    sent(t.w, 23, ago(25)), // wrote long before
    sent(t.w, 5, new Date(Date.now() + 22 * HOUR_MS)), // has written since
  ])
  await sent(t.w, 2, new Date(Date.now() + HOUR_MS)) // had written before: the window was open
  await sent(t.w, 25, null) // longer ago than a day
  await sent(t.w, 1, null, { type: 'text' })
  await sent(t.w, 1, null, { wamid: null, status: 'FAILED' })
  const other = await t.w.addNumber()
  await sent(t.w, 1, null, { phoneNumberId: other.phoneNumberId })
  const expected = first.map(({ contact }) => contact.waId).toSorted()

  await using _sender = await t.w.startSender()
  await untilTrue(t.isKept)
  expect(await t.people()).toEqual(expected)
  await t.w.redis.del(...(await t.w.redis.keys(`${t.w.prefix}*`)))
  await untilTrue(t.isKept)
  expect(await t.people()).toEqual(expected)
})

test('the messaging limit holds after the loss: nobody more is written to first', async ({ world }) => {
  await using t = await open(world, 2)
  await Promise.all([sent(t.w, 1, null), sent(t.w, 2, null)])
  await using _sender = await t.w.startSender()
  await untilTrue(t.isKept)
  const stranger = await t.w.addConversation({ windowExpiresAt: null })
  const template = { type: 'template', payload: { type: 'template', template: { name: 'welcome' } } }
  const message = await t.w.sendOne(template, stranger)
  const row = await t.w.until(message, m => m.dispatch?.reason === 'quota' || m.status !== 'QUEUED')
  expect([row.status, row.dispatch?.reason]).toEqual(['QUEUED', 'quota'])
  // The older one of the two makes room when its day is over.
  const waitMs = (row.dispatch?.nextStepAt?.getTime() ?? 0) - Date.now()
  expect(waitMs).toBeGreaterThan(21.9 * HOUR_MS)
  expect(waitMs).toBeLessThan(22.1 * HOUR_MS)
  expect(t.meta.posts).toEqual([])
})

test('no more is read than the limit asks for, and what takes too long is left out', async ({ world }) => {
  await using t = await open(world, 600)
  const { store, tenantId, client } = t.w
  const conversation = await t.w.addConversation({ windowExpiresAt: null })
  const rows = Array.from({ length: 1200 }, (_, i) =>
    t.w.messageIn(conversation, {
      type: 'template',
      status: 'SENT',
      at: new Date(Date.now() - i * 1000 - (i % 2)),
      contactKey: `p${i}`,
      wamid: `wamid.q.${i}`,
      dispatch: null,
    }),
  )
  await store.raw.messages.insertMany(rows)
  const find = (limit: number, maxTimeMS = 10_000) => {
    const numbers = { tenantId, phoneNumberIds: [client.phoneNumberId] }
    return findFirstWritten(store, numbers, { since: ago(24), limit, maxTimeMS })
  }
  const all = await find(5000)
  expect([all.people.size, all.isWhole]).toEqual([1200, true])
  const some = await find(600)
  expect([some.people.size, some.people.has('p0'), some.people.has('p1199')]).toEqual([1000, true, false])
  expect(await find(600, 0)).toEqual({ people: new Map(), isWhole: false })
})
