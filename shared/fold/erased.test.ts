import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { createMemoryWorld, outbound, PHONE_NUMBER_ID, TENANT_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { ConversationDoc, MessageDoc } from '../model/documents.ts'
import { newConversation } from '../model/new-rows.ts'
import { foldBatch } from './batch.ts'

const T0 = 1_795_165_200
const ERASED = new Date((T0 + 10) * 1000)
const PHONE = '212661000101'
const MARK = { at: ERASED, pseudonym: 'erased:x' }
const CONVERSATION = new Types.ObjectId()

function item(member: 'messages' | 'statuses', body: object, receivedAt = new Date((T0 + 20) * 1000)): WebhookItem {
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, [member]: [body] }
  return parseWebhook({ entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }, receivedAt)[0] as WebhookItem
}
const said = (second: number) =>
  item('messages', { from: PHONE, id: 'wamid.in', timestamp: String(T0 + second), type: 'text', text: { body: 'hello' } })
const reported = (messageId?: Types.ObjectId) =>
  item('statuses', {
    id: 'wamid.out',
    status: 'read',
    timestamp: String(T0 + 15),
    recipient_id: PHONE,
    ...(messageId && { biz_opaque_callback_data: `1:c:${messageId}:1` }),
  })

const message = (fields: Partial<MessageDoc>): MessageDoc =>
  outbound(new Date(T0 * 1000), { conversationId: CONVERSATION, contactKey: PHONE, ...fields })

/** Folds one item over a message in a conversation of somebody who was erased. */
function fold(one: Parameters<typeof foldBatch>[0][number], messages: MessageDoc[], erased: ConversationDoc['erased'] = MARK) {
  const { context } = createMemoryWorld()
  const client = context.clients.get(PHONE_NUMBER_ID)
  const contact = { _id: new Types.ObjectId(), waId: null, userId: null, phone: null, name: null, username: null, optOut: false }
  const at = new Date(T0 * 1000)
  const bare = newConversation(client as never, contact as never, at, CONVERSATION)
  const conversation = { ...bare, deletedAt: erased?.at ?? null, ...(erased && { erased }) }
  const loaded = {
    isThorough: true,
    known: [],
    contacts: [],
    conversations: [conversation],
    messages,
    leads: [],
    templates: [],
    erased: [{ tenantId: TENANT_ID, key: PHONE, at: ERASED }],
  }
  const { plan, outcomes } = foldBatch([one], loaded, context)
  return { plan, outcome: outcomes[0], event: plan.webhookEvents.inserts[0] }
}

const NOTHING = { outcome: 'ignored', event: { status: 'IGNORED', reason: 'the contact was erased', payload: { erased: true } } }

test.for([
  ['that was emptied', { erasedAt: ERASED, wamid: null }, undefined],
  ['that is still to be emptied', { wamid: 'wamid.out' }, MARK],
] as const)('[F55] a status of a message %s changes nothing and keeps no payload', ([, fields, mark]) => {
  const own = message({ status: 'SENT', ...fields })
  const { plan, ...folded } = fold(reported(own._id), [own], mark ?? null)
  expect(folded).toMatchObject(NOTHING)
  expect([plan.messages.updates, plan.events, plan.parked]).toEqual([[], [], []])
})

test('[F55] a status of an unknown message to somebody who was erased is not parked', () => {
  const { plan, ...folded } = fold(reported(), [])
  expect(folded).toMatchObject(NOTHING)
  expect(plan.parked).toEqual([])
})

test('[F55] a message from before the erasure makes nobody, and one from after makes somebody new', () => {
  const { plan, ...folded } = fold(said(9), [])
  expect(folded).toMatchObject(NOTHING)
  expect([plan.contacts.inserts, plan.messages.inserts, plan.events]).toEqual([[], [], []])
  expect(fold(said(11), []).plan.contacts.inserts).toMatchObject([{ waId: PHONE }])
})

test('[F55] what an interrupted try of an item stored is emptied', () => {
  const stored = message({ wamid: 'wamid.in', direction: 'INBOUND', status: 'RECEIVED' })
  const { plan, outcome } = fold(said(9), [stored])
  expect(outcome).toBe('ignored')
  const [update] = plan.messages.updates
  expect(update?.set).toMatchObject({ wamid: null, contactKey: 'erased:x', content: { text: null }, erasedAt: expect.any(Date) })
})

test('[F55] a message that was accepted during the erasure is emptied and cancelled', () => {
  const own = message({
    status: 'QUEUED',
    unprojectedSince: new Date(T0 * 1000),
    idempotencyKey: 'k',
    dispatch: { state: 'READY', priority: 'chat', attempt: 0 } as MessageDoc['dispatch'],
    timeline: [{ kind: 'note', at: ERASED, key: 'k', detail: 'to her', traceId: 't' }],
  })
  const { plan, outcome } = fold({ kind: 'projection', tenantId: TENANT_ID, messageId: own._id }, [own])
  expect(outcome).toBe('ignored')
  expect(plan.messages.updates[0]?.set).toMatchObject({
    status: 'FAILED',
    dispatch: null,
    contactKey: 'erased:x',
    idempotencyKey: null,
    timeline: [{ kind: 'note', at: ERASED }],
  })
  expect(plan.projected).toHaveLength(1)
  expect(plan.events).toEqual([])
})
