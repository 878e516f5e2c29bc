import { expect } from 'vitest'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

const TEMPLATE = { type: 'template', template: { name: 'hello', language: { code: 'fr' } } }
const asTemplate = { type: 'template', payload: TEMPLATE }

test('a number that may only answer sends answers, and holds what would write first until its end', async ({ world }) => {
  await using meta = await startMeta()
  const until = new Date(Date.now() + 3_600_000)
  await using w = await openSenderWorld(world, meta.url, { repliesOnly: { reason: 'WhatsApp says so.', until } })
  await using _sender = await w.startSender()
  const silent = await w.addConversation({ windowExpiresAt: null })
  const first = await w.sendOne(asTemplate, silent)
  const held = await w.until(first, row => row.dispatch?.state === 'WAITING')
  expect(held.dispatch).toMatchObject({ reason: 'restricted', attempt: 0 })
  expect(held.dispatch?.nextStepAt?.getTime()).toBeLessThanOrEqual(until.getTime())

  // The person writes, and is answered past the template that waits; so is one whose window is open, by a template too.
  await w.store.raw.conversations.updateOne(
    { _id: silent._id, tenantId: w.tenantId },
    { $set: { windowExpiresAt: new Date(Date.now() + 3_600_000) } },
  )
  const answer = await w.sendOne({}, silent)
  const inWindow = await w.sendOne(asTemplate)
  await w.until(answer, row => row.status === 'SENT')
  await w.until(inWindow, row => row.status === 'SENT')
  expect((await w.get(first)).status).toBe('QUEUED')

  // The restriction ends. A sender that does not know of it yet puts the message off once more.
  const past = new Date(Date.now() - 1000)
  await w.store.raw.clients.updateOne(
    { _id: w.client._id, tenantId: w.tenantId },
    { $set: { repliesOnly: { reason: 'WhatsApp says so.', until: past } } },
  )
  await untilTrue(async () => {
    const waiting = { _id: first._id, tenantId: w.tenantId, 'dispatch.state': 'WAITING' as const }
    await w.store.raw.messages.updateOne(waiting, { $set: { 'dispatch.nextStepAt': past } })
    return (await w.get(first)).status === 'SENT'
  })
})

test("a campaign's message waits even where a window is open", async ({ world }) => {
  await using meta = await startMeta()
  const repliesOnly = { reason: 'WhatsApp says so.', until: null }
  await using w = await openSenderWorld(world, meta.url, { repliesOnly })
  await using _sender = await w.startSender()
  const message = await w.sendOne({ ...asTemplate, dispatch: { priority: 'campaign' } })
  expect((await w.until(message, row => row.dispatch?.state === 'WAITING')).dispatch).toMatchObject({ reason: 'restricted' })
  expect(meta.posts).toHaveLength(0)
})
