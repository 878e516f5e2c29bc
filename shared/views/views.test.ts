import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { ConversationView, MessageDetailView, MessageView } from '../contracts/views.ts'
import { platformError } from '../domain/messages/send-errors.ts'
import type { ConversationDoc, Dispatch, MessageDoc } from '../model/documents.ts'
import { conversationView, errorView, messageDetailView, messageView } from './views.ts'

const at = new Date('2026-11-20T09:00:00Z')
const id = () => new Types.ObjectId()
const contact = { waId: '212661000101', userId: null, phone: '212661000101', name: 'Salma', username: null, optOut: false }
const error = { code: 131026, title: 'T', detail: null, sentence: 'S', nextStep: 'N', source: 'meta' as const }
const common = { createdAt: at, updatedAt: at, deletedAt: null }

const conversation: ConversationDoc = {
  ...common,
  _id: id(),
  tenantId: id(),
  clientId: id(),
  phoneNumberId: '1054543651068213',
  contactId: id(),
  contact,
  candidateName: null,
  candidateId: null,
  applicationId: null,
  leadId: null,
  status: 'open',
  assignedTo: { id: id(), name: 'Agent' },
  labels: ['hot'],
  messageCount: 3,
  unreadCount: 1,
  lastActivityAt: at,
  lastMessage: { messageId: id(), text: 'a', type: 'text', direction: 'INBOUND', status: 'RECEIVED', at },
  lastInboundWamid: 'wamid.A',
  lastInboundAt: at,
  windowExpiresAt: at,
  referralAt: null,
  freeEntryPointExpiresAt: null,
  lastError: null,
}

const dispatch: Dispatch = {
  state: 'READY',
  priority: 'chat',
  attempt: 0,
  token: 'secret-token',
  owner: 'sender-1',
  leaseUntil: null,
  nextStepAt: at,
  reason: null,
  deadlineAt: null,
}
const message: MessageDoc = {
  ...common,
  _id: id(),
  tenantId: id(),
  conversationId: id(),
  clientId: id(),
  phoneNumberId: '1054543651068213',
  contactId: id(),
  contactKey: '212661000101',
  contactKeyKind: 'waId',
  direction: 'OUTBOUND',
  type: 'text',
  content: { text: 'a', media: null, template: null, data: { body: 'a' } },
  status: 'QUEUED',
  statusUpdatedAt: at,
  timeline: [{ kind: 'attempt', at, attempt: 1, outcome: 'refused', httpStatus: 400, code: 131026, latencyMs: 12 }],
  wamid: null,
  previousIds: ['wamid.OLD'],
  error: null,
  cost: { amount: 0, currency: 'MAD', category: 'service' },
  idempotencyKey: 'their-key',
  replyTo: null,
  reactions: [],
  sentBy: { kind: 'user', id: id(), name: 'Agent' },
  origin: 'dashboard',
  leadId: null,
  campaignId: null,
  at,
  sendAt: null,
  payload: { type: 'text', text: { body: 'a' } },
  dispatch,
}

test('a conversation matches its contract, and its window is open until windowExpiresAt', () => {
  const view = conversationView(conversation, new Date(at.getTime() - 1))
  expect(ConversationView.strict().parse(view)).toEqual(view)
  expect(view).toMatchObject({ inWindow: true, contact: { phone: '+212661000101' }, assignedTo: { name: 'Agent' } })
  expect(conversationView(conversation, at).inWindow).toBe(false)
  expect(conversationView({ ...conversation, windowExpiresAt: null }, at)).toMatchObject({
    inWindow: false,
    windowExpiresAt: null,
  })
})

test('a message matches its contract, with the timeline in the detail view only', () => {
  const view = messageView(message)
  expect(MessageView.strict().parse(view)).toEqual(view)
  const detail = messageDetailView(message, at)
  expect(MessageDetailView.strict().parse(detail)).toEqual(detail)
  expect(detail.timeline).toMatchObject([{ kind: 'attempt', outcome: 'refused', code: 131026, status: null, traceId: null }])
})

test('a message view shows edit, revocation, forwarding and referral', () => {
  const untouched = { editedAt: null, revokedAt: null, forwarded: null, referral: null }
  expect(messageView(message)).toMatchObject(untouched)
  const referral = { source_type: 'ad', source_id: '120210', headline: 'Apply now' }
  const view = messageView({ ...message, editedAt: at, revokedAt: at, forwarded: true, referral })
  expect(MessageView.strict().parse(view)).toEqual(view)
  expect(view).toMatchObject({ editedAt: at.toISOString(), revokedAt: at.toISOString(), forwarded: true, referral })
})

test('views contain no internal fields', () => {
  const shown = JSON.stringify([messageDetailView(message, at), conversationView(conversation, at)])
  for (const hidden of [String(message.tenantId), 'secret-token', 'sender-1', 'their-key', 'wamid.OLD', 'contactKey'])
    expect(shown).not.toContain(hidden)
})

test.for<[Partial<Dispatch>, object | null]>([
  [{ state: 'READY' }, null],
  [{ state: 'TAKEN' }, null],
  [
    { state: 'WAITING', reason: 'rate' },
    { reason: 'rate', until: at.toISOString() },
  ],
  [
    { state: 'WAITING', reason: 'paused', nextStepAt: null },
    { reason: 'paused', until: null },
  ],
  [
    { state: 'UNKNOWN', deadlineAt: at, nextStepAt: null },
    { reason: 'unknown', until: at.toISOString() },
  ],
])('a message with dispatch %j shows waiting %j', ([state, waiting]) => {
  expect(messageView({ ...message, dispatch: { ...dispatch, ...state } }).waiting).toEqual(waiting)
})

test('a removed reaction is not shown', () => {
  const reactions = [
    { emoji: '👍', direction: 'INBOUND' as const, at },
    { emoji: '', direction: 'OUTBOUND' as const, at },
  ]
  expect(messageView({ ...message, reactions }).reactions).toEqual([{ emoji: '👍', direction: 'INBOUND', at: at.toISOString() }])
})

test('an error view has all fields of the error, and is null without one', () => {
  expect(errorView(error)).toEqual({ key: null, ...error })
  const failure = platformError('expired')
  expect(errorView(failure)).toEqual({ key: 'expired', ...failure })
  expect(errorView(null)).toBeNull()
})
