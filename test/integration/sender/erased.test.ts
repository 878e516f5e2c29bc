import { expect } from 'vitest'
import { finishErasure } from '#shared/erasure/erase.ts'
import { newId } from '#shared/model/ids.ts'
import { newContact } from '#shared/model/new-rows.ts'
import { openStorage } from '#shared/storage/open.ts'
import { beginErasure } from '#shared/store/contacts/erase-begin.ts'
import { tracesOf, wamidOf } from '#test/support/traces.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

test('[F55] nothing is sent in an erased conversation, and what was accepted for it is emptied', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const at = new Date()
  const conversation = await w.addConversation({ erased: { at, pseudonym: 'erased:x' }, deletedAt: at })
  const late = await w.sendOne({ unprojectedSince: at, isUncounted: true }, conversation)
  const other = await w.sendOne()
  await w.until(other, row => row.status === 'SENT')
  expect((await w.get(late)).dispatch).toMatchObject({ state: 'READY', attempt: 0 })
  await w.conversation(late)
  expect(await w.get(late)).toMatchObject({ status: 'FAILED', dispatch: null, payload: null, contactKey: 'erased:x' })
  expect(meta.posts.map(({ to }) => to)).toEqual([`+${other.contactKey}`])
})

test('[F55] the answer to a call that was under way at the erasure leaves nothing', async ({ world }) => {
  const answered = Promise.withResolvers<void>()
  await using meta = await startMeta(async ({ to }, response) => {
    await answered.promise
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ messages: [{ id: wamidOf(String(to), 1) }] }))
  })
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender({ callTimeoutMs: 60_000, unknownDeadlineMs: 60_000 })
  const conversation = await w.addConversation()
  const phone = conversation.contact.waId as string
  const person = { waId: phone, userId: null, name: 'Person', nameSource: null }
  const whole = newContact(w.tenantId, person, new Date(), conversation.contactId)
  await w.store.raw.contacts.replaceOne({ _id: whole._id }, whole)
  const message = await w.sendOne(
    { content: { text: 'your test result', media: null, template: null, data: null } },
    conversation,
  )
  await untilTrue(() => meta.posts.length === 1)
  const order = { tenantId: w.tenantId, contactId: conversation.contactId, by: newId(), pseudonymOf: () => 'erased:x' }
  const { contact } = await beginErasure(w.store, { ...order, now: new Date() })
  await finishErasure({ store: w.store, storage: openStorage({}, w.store.connection) }, contact, new Date())
  expect(await tracesOf(w.store, [phone, 'test result'])).toEqual([])
  answered.resolve()
  const row = await w.until(message, ({ status }) => status === 'SENT')
  expect(row).toMatchObject({ wamid: null, payload: null, dispatch: null })
  expect(row.timeline.at(-1)).toMatchObject({ kind: 'attempt', outcome: 'accepted' })
  await untilTrue(async () => (await w.store.raw.events.countDocuments({ name: 'message:sent' })) === 0)
  expect(await tracesOf(w.store, [phone, 'test result'])).toEqual([])
})
