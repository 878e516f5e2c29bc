import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { EVENT_PAYLOADS } from '../contracts/event-payloads.ts'
import { EVENT_NAMES, type EventName, RealtimeEvent } from '../contracts/realtime-event.ts'
import { platformError } from '../domain/messages/send-errors.ts'
import type {
  CampaignDoc,
  ClientDoc,
  ConversationDoc,
  EventDoc,
  EventSubscriptionDoc,
  LabelDoc,
  MediaRef,
  MessageDoc,
  NoteDoc,
  TemplateDoc,
} from '../model/documents.ts'
import { newContact, newConversation, newOutbound } from '../model/new-rows.ts'
import { realtimeEventOf } from '../model/realtime-event.ts'
import * as events from './events.ts'

const at = new Date('2026-11-20T09:00:00Z')
const id = () => new Types.ObjectId()
const tenantId = id()
const client = {
  _id: id(),
  tenantId,
  phoneNumberId: '1054543651068213',
  status: 'active',
  pauseReason: null,
  statusReason: null,
  repliesOnly: null,
} as ClientDoc
const contact = newContact(tenantId, { waId: '212661000101', userId: null, name: 'Salma', nameSource: 'profile' }, at)
const conversation: ConversationDoc = { ...newConversation(client, contact, at), assignedTo: { id: id(), name: 'Agent' } }
const content = { text: 'hello', media: null, template: null, data: null }
const place = { client, conversation, contact }
const message: MessageDoc = newOutbound(place, { type: 'text', content, payload: {} }, { priority: 'chat', now: at })
const lastMessage = { messageId: message._id, text: 'hello', type: 'text', direction: 'OUTBOUND', status: 'FAILED', at } as const
const failing: ConversationDoc = { ...conversation, lastMessage, lastError: platformError('window-closed') }
const template = { _id: id(), tenantId, name: 'welcome', language: 'fr', status: 'APPROVED', reason: null } as TemplateDoc
const campaign = {
  _id: id(),
  tenantId,
  clientId: client._id,
  status: 'RUNNING',
  audience: { recipients: 5 },
  released: 2,
  skipped: 1,
  counts: { queued: 1, sent: 1, delivered: 0, read: 0, failed: 0 },
} as CampaignDoc
const media: MediaRef = {
  id: id(),
  metaId: '1',
  url: null,
  sha256: null,
  mimeType: 'image/jpeg',
  filename: null,
  size: 12,
  state: 'STORED',
}

const made = { createdBy: null, updatedBy: null, createdAt: at, updatedAt: at, deletedAt: null }
const about = { tenantId, conversationId: conversation._id, leadId: null }
const note: NoteDoc = { _id: id(), ...about, text: 'Call back', isPrivate: true, ...made }
const standing = { failingSince: null, lastDeliveredAt: null, lastProblem: null, wakes: 0, hasTests: false, replay: null }
const switched = { status: 'ENABLED' as const, disabledReason: null, disabledAt: null, enabledAt: at }
const endpoint = { name: 'ERP', url: 'https://erp.example.com/linko', types: [], secrets: [], position: 0 }
const subscription: EventSubscriptionDoc = { _id: id(), tenantId, ...endpoint, ...switched, ...standing, ...made }
const label: LabelDoc = { _id: id(), tenantId, name: 'Interview', color: '#112233', description: null, ...made }

/** Events of every constructor, by name. */
const BUILT: Record<EventName, EventDoc[]> = {
  'message:received': [
    events.messageReceived('r:1', { ...message, direction: 'INBOUND', status: 'RECEIVED' }, '212661000101', at),
  ],
  'message:sent': [events.messageSent('r:1', { ...message, status: 'SENT', wamid: 'wamid.A' }, at)],
  'message:status': [
    events.messageStatus('r:1', { ...message, status: 'FAILED', error: platformError('cancelled') }, at),
    events.messageStatus('r:1', { ...message, direction: 'INBOUND', status: 'RECEIVED' }, at),
    events.messageRetried(message, at),
  ],
  'message:scheduled': [events.messageScheduled({ ...message, sendAt: at }, 'scheduled', at)],
  'conversation:updated': [
    events.conversationUpdated('a:1', conversation, at),
    events.conversationEdited(id(), conversation, at),
    events.conversationOutcome('d:1', failing, at),
    events.contactChanged(id(), conversation, at),
    events.conversationErased(id(), conversation, at),
    events.conversationJoined(id(), conversation, at),
    events.mediaSettled(message, media, conversation, at),
  ],
  'conversation:assigned': [
    events.conversationAssigned(id(), conversation, { assignedTo: null }, at),
    events.conversationAssigned(id(), { ...conversation, assignedTo: null }, conversation, at),
  ],
  'note:added': [events.noteAdded(note, conversation, at), events.noteAdded({ ...note, mentions: [id()] }, conversation, at)],
  'label:changed': [
    events.labelChanged(id(), label, null, at),
    events.labelChanged(id(), { ...label, name: 'New' }, label, at),
    events.labelChanged(id(), { ...label, deletedAt: at }, label, at),
  ],
  'client:status': [
    events.numberStatus('c:1', client, at),
    events.numberStatus('c:1', client, at, { reason: 'token-expiring', changed: ['throughput'] }),
  ],
  'template:status': [events.templateStatus('t:1', template, at)],
  'campaign:progress': [events.campaignProgress(campaign, at)],
  'spend:changed': [
    events.spendChanged(id(), tenantId, { month: '2026-11', level: 'warning' }, at),
    events.spendChanged(id(), tenantId, { month: '2026-11', level: null }, at),
  ],
  'subscription:status': [
    events.subscriptionStatus(id(), subscription, at),
    events.subscriptionStatus(id(), { ...subscription, status: 'DISABLED', disabledReason: 'failing', disabledAt: at }, at),
    events.subscriptionStatus(id(), { ...subscription, deletedAt: at }, at),
  ],
}

test.for(EVENT_NAMES)('%s matches its schema after a round trip through JSON', name => {
  expect(BUILT[name].length).toBeGreaterThan(0)
  for (const row of BUILT[name]) {
    expect(row).toMatchObject({ name, tenantId, at, createdAt: at })
    const event = RealtimeEvent.parse(JSON.parse(JSON.stringify(realtimeEventOf(row))))
    expect(EVENT_PAYLOADS[name].parse(event.payload)).toEqual(event.payload)
  }
})

test.for(EVENT_NAMES)('[peers 56] %s names the conversation that it tells of, by which sockets know who may hear it', name => {
  for (const { conversationId, payload } of BUILT[name]) expect(payload.conversationId ?? 'null').toBe(String(conversationId))
})

test('[peers 56] events without a conversation tell of no person', () => {
  const without = EVENT_NAMES.filter(name => BUILT[name].every(({ conversationId }) => conversationId === null))
  const ofAccounts = [
    'label:changed',
    'client:status',
    'template:status',
    'campaign:progress',
    'spend:changed',
    'subscription:status',
  ]
  expect(without).toEqual(ofAccounts)
})

test('a conversation without a message has no lastMessageAt, whatever its last activity', () => {
  const { payload } = events.conversationUpdated('a:1', { ...conversation, lastActivityAt: new Date() }, at)
  expect(payload.updates).toMatchObject({ lastMessageAt: null, lastMessageText: null, lastMessageStatus: null })
})

test('an error is part of the updates and of the conversation', () => {
  const { payload } = events.conversationOutcome('d:1', failing, at)
  const lastError = { title: failing.lastError?.title, source: 'platform' }
  expect(payload).toMatchObject({
    updates: { lastMessageAt: at.toISOString(), lastMessageStatus: 'FAILED', lastError },
    conversation: { lastMessage: { status: 'FAILED' }, lastError },
  })
})

test.for([
  [{ pauseReason: 'token', statusReason: 'The token has expired.' }, 'token'],
  [{ statusReason: 'The number left the Cloud API.' }, 'The number left the Cloud API.'],
  [{ repliesOnly: { reason: 'spam', until: null } }, 'restricted'],
  [{}, null],
] as const)('the status event of a number with %j has the reason %j', ([fields, reason]) => {
  expect(events.numberStatus('c:1', { ...client, ...fields }, at).payload.reason).toBe(reason)
})

test('event ids differ by occasion and are equal for the same cause', () => {
  const [one, other] = [id(), id()]
  const made = () => {
    const { eventIds: ids } = events
    return [
      ids.webhook('m:1'),
      ids.webhook('m:1', one),
      ids.batch(one, 'm:1'),
      ids.joined(one, other),
      ids.retried(one, 'message:status', at),
      ids.retried(one, 'conversation:updated', at),
      ids.edited(one, 'conversation:updated'),
      ids.edited(one, 'conversation:assigned'),
      ids.note(one),
      ids.label(one),
      ids.contact(one),
      ids.erased(one),
      ids.template(one, other),
      ids.number(one, 'paused', at),
      ids.scheduled(one, 'cancelled', at),
      ids.cancelled(one, at),
      ids.outcome(one, 'failed', at),
      ids.conversationOutcome(one, 'failed', at),
      ids.spend(one),
      ids.campaign(one, 'RUNNING', at),
      ids.subscription(one),
      ids.media(one, 'STORED', at),
    ]
  }
  expect(new Set(made()).size).toBe(made().length)
  expect(made()).toEqual(made())
  expect(made()).toHaveLength(Object.keys(events.eventIds).length + 3)
})
