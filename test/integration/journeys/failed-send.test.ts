import { Types } from 'mongoose'
import { expect } from 'vitest'
import { EVENT_PAYLOADS } from '#shared/contracts/event-payloads.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { connectClient, startNode, tokenOf } from '#test/support/worlds/realtime.ts'
import { openSenderWorld, refuse, startMeta } from '#test/support/worlds/sender.ts'

test('a send that Meta refuses reaches a socket as a failed message, and as the error of its conversation', async ({ world }) => {
  await using meta = await startMeta(refuse(131026))
  await using w = await openSenderWorld(world, meta.url)
  const user = {
    _id: new Types.ObjectId(),
    tenantId: w.tenantId,
    email: 'agent@example.com',
    name: 'Agent',
    role: 'agent',
    status: 'active',
    tokenVersion: 0,
    deletedAt: null,
  } as UserDoc
  await w.store.raw.users.insertOne(user)
  const node = await startNode(world, w.store)
  await using stack = new AsyncDisposableStack()
  stack.defer(node.stop)
  const client = await connectClient(node.url, await tokenOf(user))
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  await w.until(message, m => m.status === 'FAILED')
  await w.conversation(message) // as the recorder shows it
  await untilTrue(() => client.named('conversation:updated').length > 0)
  expect(client.named('message:status')).toMatchObject([{ messageId: String(message._id), status: 'failed' }])
  const lastError = { code: 131026, source: 'meta', sentence: expect.any(String) }
  const [updated] = client.named('conversation:updated')
  expect(updated).toMatchObject({
    conversationId: String(message.conversationId),
    updates: { lastMessageStatus: 'FAILED', lastError },
    conversation: { id: String(message.conversationId), lastMessage: { status: 'FAILED' }, lastError },
  })
  const { eventId: _eventId, seq: _seq, tenantId: _tenantId, at: _at, ...payload } = updated ?? {}
  expect(EVENT_PAYLOADS['conversation:updated'].parse(payload)).toEqual(payload)
})
