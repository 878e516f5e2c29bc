import { expect, test } from 'vitest'
import { CLIENT_ID, createMemoryWorld, outbound, TENANT_ID } from '#test/support/worlds/memory.ts'
import { platformError } from '../domain/messages/send-errors.ts'
import type { MessageDoc, MessageErrorDoc } from '../model/documents.ts'
import { newContact, newConversation } from '../model/new-rows.ts'
import type { ProjectionItem } from './projection.ts'

const T0 = new Date('2026-11-20T11:00:00Z')
const after = (seconds: number) => new Date(T0.getTime() + seconds * 1000)
const FAILURE = { code: 131026, source: 'meta', at: null } as Partial<MessageErrorDoc> as MessageErrorDoc

/** Messages of ours in one conversation, accepted one second after the other and not shown yet. */
function worldWith(...changes: Partial<MessageDoc>[]) {
  const contact = newContact(TENANT_ID, { waId: '212661000101', userId: null, name: null, nameSource: null }, T0)
  const client = { _id: CLIENT_ID, tenantId: TENANT_ID, phoneNumberId: '1' } as Parameters<typeof newConversation>[0]
  const conversation = newConversation(client, contact, T0)
  const messages = changes.map((fields, i) =>
    outbound(after(i), {
      conversationId: conversation._id,
      content: { text: `text ${i}`, media: null, template: null, data: null },
      unprojectedSince: after(i),
      isUncounted: true,
      ...fields,
    }),
  )
  const world = createMemoryWorld(messages)
  world.rows.conversations.push(conversation)
  const items = messages.map(({ _id }): ProjectionItem => ({ kind: 'projection', messageId: _id, tenantId: TENANT_ID }))
  return { ...world, items, messages, conversation: () => world.rows.conversations[0] }
}

/** Sets what a sender writes with an outcome: the row and its mark. */
function finish(message: MessageDoc | undefined, fields: Partial<MessageDoc>, at: Date): void {
  if (message) Object.assign(message, fields, { unprojectedSince: at })
}

const ORDERS = [
  [0, 1, 2],
  [2, 1, 0],
  [1, 0, 2, 1],
  [0, 0, 0, 1, 1, 2, 2],
]
test.for(ORDERS)('messages in the order %j are counted once each, and the newest is shown', order => {
  const { record, items, conversation } = worldWith({}, {}, {})
  for (const i of order) record([items[i] as ProjectionItem])
  expect(conversation()).toMatchObject({ messageCount: 3, unreadCount: 0, lastMessage: { text: 'text 2', status: 'QUEUED' } })
  expect(conversation()?.lastActivityAt).toEqual(after(2))
})

test('a batch counts what separate batches count, and emits the conversation once', () => {
  const { record, items, conversation, rows } = worldWith({}, {}, {})
  record([...items, ...items])
  expect(conversation()?.messageCount).toBe(3)
  expect(rows.events.map(({ name }) => name)).toEqual(['conversation:updated'])
})

test('a mark that was not cleared counts nothing again', () => {
  const { record, items, conversation, rows } = worldWith({})
  record(items)
  Object.assign(rows.messages[0] as MessageDoc, { unprojectedSince: T0, isUncounted: true })
  record(items)
  expect(conversation()?.messageCount).toBe(1)
  expect(rows.events).toHaveLength(1)
})

test('an outcome shows in the last message, whether it comes before the acceptance is shown or after', () => {
  for (const isLate of [false, true]) {
    const { record, items, conversation, rows } = worldWith({})
    if (isLate) record(items)
    finish(rows.messages[0], { status: 'SENT', wamid: 'w', dispatch: null }, after(5))
    record(items)
    expect(conversation()).toMatchObject({ messageCount: 1, lastMessage: { status: 'SENT' }, lastError: null })
  }
})

test('a failure shows as the error of the conversation until a later message is sent', () => {
  const { record, items, conversation, rows } = worldWith({}, {})
  record(items.slice(0, 1))
  finish(rows.messages[0], { status: 'FAILED', error: FAILURE, dispatch: null }, after(3))
  record(items.slice(0, 1))
  expect(conversation()).toMatchObject({ lastMessage: { status: 'FAILED' }, lastError: { code: 131026 } })
  record(items.slice(1))
  expect(conversation()).toMatchObject({ lastMessage: { text: 'text 1' }, lastError: { code: 131026 } })
  finish(rows.messages[1], { status: 'SENT', dispatch: null }, after(6))
  record(items.slice(1))
  expect(conversation()).toMatchObject({ lastMessage: { status: 'SENT' }, lastError: null })
})

test.for([
  [0, 1],
  [1, 0],
  [1, 0, 1, 0],
])('an older failure and a newer message that left show the same in the order %j', order => {
  const { record, items, conversation, rows } = worldWith({}, {}, {})
  record(items)
  finish(rows.messages[0], { status: 'FAILED', error: FAILURE, dispatch: null }, after(5))
  finish(rows.messages[1], { status: 'SENT', dispatch: null }, after(5))
  for (const i of order) record([items[i] as ProjectionItem])
  expect(conversation()).toMatchObject({ lastMessage: { text: 'text 2' }, lastError: null })
})

test.for([true, false])('a message that was cancelled before its time is no failure, shown before that: %j', isShownBefore => {
  const waits = { state: 'WAITING', reason: 'scheduled' } as MessageDoc['dispatch']
  const { record, items, conversation, rows } = worldWith({ sendAt: after(3600), at: after(3600), dispatch: waits })
  if (isShownBefore) record(items)
  const cancelled = { status: 'FAILED' as const, error: platformError('cancelled'), dispatch: null, at: after(5) }
  finish(rows.messages[0], cancelled, after(5))
  record(items)
  expect(conversation()).toMatchObject({ messageCount: 1, lastMessage: null, lastError: null })
})

test('a scheduled message counts from its acceptance, announces itself and is not shown', () => {
  const dispatch = { state: 'WAITING', reason: 'scheduled' } as MessageDoc['dispatch']
  const { record, items, conversation, rows } = worldWith({ sendAt: after(3600), at: after(3600), dispatch })
  record(items)
  expect(conversation()).toMatchObject({ messageCount: 1, lastMessage: null })
  expect(conversation()?.lastActivityAt).toEqual(T0)
  expect(rows.events.map(({ name }) => name).toSorted()).toEqual(['conversation:updated', 'message:scheduled'])
})

test('a message that was erased meanwhile changes nothing', () => {
  const { record, items, conversation, rows } = worldWith({})
  rows.messages.length = 0
  expect(record(items).outcomes).toEqual(['ignored'])
  expect(conversation()?.messageCount).toBe(0)
})

test('a message whose conversation was erased is taken off the list of what waits', () => {
  const { record, items, conversation, rows } = worldWith({})
  Object.assign(conversation() ?? {}, { deletedAt: T0 })
  expect(record(items).outcomes).toEqual(['ignored'])
  expect(rows.messages[0]?.unprojectedSince).toBeUndefined()
  expect(conversation()).toMatchObject({ messageCount: 0, lastMessage: null })
})

test('a scheduled message is shown when it is released', () => {
  const dispatch = { state: 'WAITING', reason: 'scheduled' } as MessageDoc['dispatch']
  const { record, items, conversation, rows } = worldWith({ sendAt: after(3600), at: after(3600), dispatch })
  record(items)
  Object.assign(rows.messages[0] ?? {}, { dispatch: { state: 'READY', reason: null }, unprojectedSince: after(3600) })
  record(items)
  expect(conversation()).toMatchObject({ messageCount: 1, lastMessage: { text: 'text 0' }, lastActivityAt: after(3600) })
})

test('a message of a campaign does not move its conversation up, and is announced once it is sent', () => {
  const { record, items, conversation, rows } = worldWith({ campaignId: TENANT_ID })
  record(items)
  expect(conversation()).toMatchObject({ messageCount: 1, lastMessage: { text: 'text 0' }, lastActivityAt: T0 })
  expect(rows.events).toEqual([])
  finish(rows.messages[0], { status: 'SENT', dispatch: null }, after(5))
  record(items)
  expect(rows.events.map(({ name }) => name)).toEqual(['conversation:updated'])
})
