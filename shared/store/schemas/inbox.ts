import { Schema } from 'mongoose'
import { DISPATCH_STATES, unfinished, WAITING_REASONS } from '../../domain/messages/dispatch.ts'
import type { ConversationDoc, MessageDoc } from '../../model/documents.ts'
import {
  anything,
  common,
  date,
  flag,
  id,
  inner,
  isDate,
  isId,
  isText,
  number,
  referral,
  requiredDate,
  requiredId,
  requiredText,
  stamped,
  text,
} from './fields.ts'

const STATUSES = ['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED']
const DIRECTION = { type: String, enum: ['INBOUND', 'OUTBOUND'], required: true }

const keys = { type: [String], default: undefined }
const contactSnapshot = new Schema(
  { waId: text, userId: text, phone: text, name: text, username: text, optOut: flag, keys },
  inner,
)
const assignee = new Schema({ id: requiredId, name: text }, { ...inner, id: false })
const lastMessage = new Schema(
  {
    messageId: requiredId,
    text,
    type: { type: String, required: true },
    direction: DIRECTION,
    status: { type: String, enum: STATUSES, required: true },
    at: requiredDate,
  },
  inner,
)
const failure = new Schema(
  {
    code: number,
    title: { type: String, default: '' },
    detail: text,
    sentence: { type: String, default: '' },
    nextStep: { type: String, default: '' },
    source: { type: String, enum: ['meta', 'platform'], required: true },
    at: Date,
    messageId: Schema.Types.ObjectId,
  },
  inner,
)

const OWNER = { owner: { type: String, enum: ['platform', 'other'], required: true }, role: text, at: requiredDate }
const threadOwner = new Schema({ ...OWNER, handover: { type: new Schema(OWNER, inner), default: null } }, inner)
const unanswered = new Schema({ id, at: requiredDate, arrivedAt: requiredDate }, { ...inner, id: false })

export const conversationSchema = new Schema<ConversationDoc>(
  {
    ...common,
    tenantId: requiredId,
    clientId: requiredId,
    phoneNumberId: requiredText,
    contactId: requiredId,
    contact: { type: contactSnapshot, default: () => ({}) },
    portfolio: { type: String, default: undefined },
    groupId: { type: String, default: undefined },
    threadOwner: { type: threadOwner, default: undefined },
    candidateName: text,
    candidateId: text,
    applicationId: text,
    leadId: id,
    status: { type: String, enum: ['open', 'closed'], default: 'open' },
    assignedTo: { type: assignee, default: null },
    labels: { type: [String], default: [] },
    messageCount: { type: Number, default: 0 },
    unreadCount: { type: Number, default: 0 },
    lastMessage: { type: lastMessage, default: null },
    lastActivityAt: { type: Date, required: true, default: () => new Date() },
    lastInboundWamid: text,
    lastInboundAt: date,
    windowExpiresAt: date,
    referralAt: date,
    freeEntryPointExpiresAt: date,
    lastReferral: referral,
    lastError: { type: failure, default: null },
    waitingSince: date,
    unanswered: { type: [unanswered], default: undefined },
    attendedAt: date,
    answeredElsewhereAt: date,
    snoozedUntil: date,
    automaticDue: { type: new Schema({ at: requiredDate, arrivedAt: requiredDate, isBeginning: flag }, inner), default: null },
    greetedAt: date,
    lastSent: { type: new Schema({ id: requiredId, at: requiredDate }, { ...inner, id: false }), default: null },
    lastCampaign: { type: new Schema({ id: requiredId, at: requiredDate }, { ...inner, id: false }), default: null },
    campaignReplies: { type: [Schema.Types.ObjectId], default: undefined },
    version: { type: Number, default: undefined },
    erased: { type: new Schema({ at: requiredDate, pseudonym: requiredText }, inner), default: undefined },
  },
  stamped,
)
conversationSchema.index({ tenantId: 1, clientId: 1, contactId: 1 }, { name: 'tenant_client_contact', unique: true })
conversationSchema.index({ tenantId: 1, lastActivityAt: -1, _id: -1 }, { name: 'tenant_activity' })
conversationSchema.index({ tenantId: 1, clientId: 1, lastActivityAt: -1, _id: -1 }, { name: 'tenant_client_activity' })
// Not partial: lists of unassigned conversations need it too.
conversationSchema.index({ tenantId: 1, 'assignedTo.id': 1, lastActivityAt: -1, _id: -1 }, { name: 'tenant_assignee_activity' })
conversationSchema.index(
  { tenantId: 1, lastActivityAt: -1, _id: -1 },
  { name: 'tenant_unread_activity', partialFilterExpression: { unreadCount: { $gt: 0 } } },
)
// Every message updates a conversation's entry in each of these indexes; this one leaves out conversations without a label.
conversationSchema.index(
  { tenantId: 1, labels: 1, lastActivityAt: -1, _id: -1 },
  { name: 'tenant_label_activity', partialFilterExpression: { labels: isText } },
)
conversationSchema.index({ tenantId: 1, status: 1, lastActivityAt: -1, _id: -1 }, { name: 'tenant_status_activity' })
// Those that wait are few: an entry comes with a customer's first message and goes with the answer.
conversationSchema.index(
  { tenantId: 1, waitingSince: 1, _id: 1 },
  { name: 'tenant_waiting', partialFilterExpression: { waitingSince: isDate } },
)
conversationSchema.index(
  { tenantId: 1, lastActivityAt: -1, _id: -1 },
  { name: 'tenant_snoozed_activity', partialFilterExpression: { snoozedUntil: isDate } },
)
// Over all tenants: a background job of the gateway wakes them.
conversationSchema.index({ snoozedUntil: 1 }, { name: 'snoozed_until', partialFilterExpression: { snoozedUntil: isDate } })
conversationSchema.index(
  { tenantId: 1, campaignReplies: 1 },
  { name: 'tenant_campaign_replies', partialFilterExpression: { campaignReplies: isId } },
)
// Over all tenants: a background job of the sender answers them.
conversationSchema.index(
  { 'automaticDue.at': 1 },
  { name: 'automatic_due', partialFilterExpression: { 'automaticDue.at': isDate } },
)
// What belongs to a user: load, contacts and messages of the own conversations. Messages do not change it.
conversationSchema.index(
  { tenantId: 1, 'assignedTo.id': 1, status: 1, contactId: 1 },
  { name: 'tenant_assignee_contact', partialFilterExpression: { 'assignedTo.id': isId } },
)
conversationSchema.index({ tenantId: 1, contactId: 1 }, { name: 'tenant_contact' })
// Without the activity: each message would write a dozen entries anew. So it changes with a name or a number alone.
conversationSchema.index({ tenantId: 1, 'contact.keys': 1 }, { name: 'tenant_keys' })
conversationSchema.index(
  { tenantId: 1, candidateId: 1 },
  { name: 'tenant_candidate', partialFilterExpression: { candidateId: isText } },
)
conversationSchema.index(
  { tenantId: 1, 'lastReferral.sourceId': 1, lastActivityAt: -1, _id: -1 },
  { name: 'tenant_ad_activity', partialFilterExpression: { 'lastReferral.sourceId': isText } },
)
conversationSchema.index({ tenantId: 1, leadId: 1 }, { name: 'tenant_lead', partialFilterExpression: { leadId: isId } })

const media = new Schema(
  {
    id: requiredId,
    metaId: text,
    url: text,
    sha256: text,
    mimeType: text,
    filename: text,
    size: number,
    state: { type: String, enum: ['PENDING', 'STORED', 'FAILED', 'EXPIRED'], default: 'PENDING' },
    problem: text,
    hasThumbnail: Boolean,
  },
  { ...inner, id: false },
)
const templateUse = new Schema(
  { name: requiredText, language: requiredText, variables: { type: Schema.Types.Mixed, default: () => ({}) } },
  inner,
)
const content = new Schema(
  { text, media: { type: media, default: null }, template: { type: templateUse, default: null }, data: anything },
  inner,
)
const timelineEntry = new Schema(
  {
    kind: { type: String, enum: ['accepted', 'waited', 'attempt', 'status', 'note'], required: true },
    at: requiredDate,
    key: String,
    status: String,
    reason: String,
    attempt: Number,
    outcome: { type: String, enum: ['accepted', 'refused', 'unknown', 'unsent'] },
    httpStatus: Number,
    code: Number,
    latencyMs: Number,
    ms: Number,
    times: Number,
    traceId: String,
    detail: String,
    enqueuedAt: Date,
    takenAt: Date,
    receivedAt: Date,
  },
  inner,
)
const dispatch = new Schema(
  {
    state: { type: String, enum: DISPATCH_STATES, required: true },
    priority: { type: String, enum: ['chat', 'campaign'], required: true },
    attempt: { type: Number, default: 0 },
    token: text,
    owner: text,
    leaseUntil: date,
    nextStepAt: date,
    reason: {
      type: String,
      enum: [...WAITING_REASONS, null],
      default: null,
    },
    deadlineAt: date,
    wait: { type: new Schema({ reason: requiredText, since: requiredDate }, inner), default: undefined },
    waits: {
      type: [new Schema({ reason: requiredText, since: requiredDate, ms: Number, times: Number }, inner)],
      default: undefined,
    },
  },
  inner,
)
const reaction = new Schema({ emoji: requiredText, direction: DIRECTION, at: requiredDate }, inner)
const cost = new Schema({ amount: { type: Number, required: true }, currency: requiredText, category: requiredText }, inner)
const metaCost = new Schema(
  {
    amount: { type: Number, default: null },
    currency: requiredText,
    category: requiredText,
    type: { type: String, default: null },
    basis: { type: String, enum: ['foreseen', 'reported'], required: true },
  },
  inner,
)
const reply = new Schema({ messageId: id, wamid: requiredText }, inner)
const sender = new Schema(
  { kind: { type: String, enum: ['user', 'apiKey', 'campaign', 'phone', 'app'], required: true }, id, name: text },
  { ...inner, id: false },
)

const inboundHops = new Schema({ receivedAt: requiredDate, publishedAt: Date }, inner)
const author = new Schema({ waId: text, userId: text, name: text, username: text }, inner)

export const messageSchema = new Schema<MessageDoc>(
  {
    ...common,
    tenantId: requiredId,
    conversationId: requiredId,
    clientId: requiredId,
    phoneNumberId: requiredText,
    contactId: requiredId,
    contactKey: requiredText,
    contactKeyKind: { type: String, enum: ['waId', 'userId'], required: true },
    direction: DIRECTION,
    type: { type: String, required: true },
    content: { type: content, default: () => ({}) },
    status: { type: String, enum: STATUSES, required: true },
    statusUpdatedAt: requiredDate,
    timeline: { type: [timelineEntry], default: [] },
    wamid: text,
    previousIds: { type: [String], default: [] },
    error: { type: failure, default: null },
    cost: { type: cost, default: null },
    metaCost: { type: metaCost, default: undefined },
    idempotencyKey: text,
    replyTo: { type: reply, default: null },
    reactions: { type: [reaction], default: [] },
    editedAt: date,
    revokedAt: date,
    referral: anything,
    forwarded: Boolean,
    author: { type: author, default: undefined },
    hops: { type: inboundHops, default: undefined },
    isTimeUnreadable: { type: Boolean, default: undefined },
    isOfOtherApp: { type: Boolean, default: undefined },
    isImported: { type: Boolean, default: undefined },
    sentBy: { type: sender, default: null },
    origin: { type: String, enum: ['api', 'dashboard', 'campaign', 'phone', 'app', 'automatic', null], default: null },
    leadId: id,
    campaignId: id,
    at: requiredDate,
    sendAt: date,
    expiresAt: { type: Date, default: undefined },
    payload: anything,
    directSend: { type: Schema.Types.Mixed, default: undefined },
    marketingMessages: { type: String, default: undefined },
    fallback: { type: Schema.Types.Mixed, default: undefined },
    dispatch: { type: dispatch, default: null },
    unprojectedSince: { type: Date, default: undefined },
    isUncounted: { type: Boolean, default: undefined },
    seq: { type: Number, default: undefined },
    erasedAt: { type: Date, default: undefined },
    emptiedAt: { type: Date, default: undefined },
    isLate: { type: Boolean, default: undefined },
  },
  stamped,
)
const waiting = unfinished()
messageSchema.index({ tenantId: 1, wamid: 1 }, { name: 'tenant_wamid', unique: true, partialFilterExpression: { wamid: isText } })
messageSchema.index(
  { tenantId: 1, idempotencyKey: 1 },
  { name: 'tenant_idempotency', unique: true, partialFilterExpression: { idempotencyKey: isText } },
)
messageSchema.index({ tenantId: 1, conversationId: 1, at: -1, _id: -1 }, { name: 'tenant_thread' })
messageSchema.index(
  { tenantId: 1, previousIds: 1 },
  { name: 'tenant_previous', partialFilterExpression: { previousIds: isText } },
)
messageSchema.index(
  { tenantId: 1, 'author.waId': 1 },
  { name: 'tenant_author', partialFilterExpression: { 'author.waId': isText } },
)
messageSchema.index(
  { tenantId: 1, 'author.userId': 1 },
  { name: 'tenant_author_user', partialFilterExpression: { 'author.userId': isText } },
)
messageSchema.index({ tenantId: 1, at: -1, _id: -1 }, { name: 'tenant_at' })
// What is stored with an old time: few, but for an imported history.
messageSchema.index({ tenantId: 1, at: 1 }, { name: 'tenant_late', partialFilterExpression: { isLate: true } })
messageSchema.index(
  { tenantId: 1, 'content.media.id': 1 },
  { name: 'tenant_media', partialFilterExpression: { 'content.media.id': isId } },
)
messageSchema.index(
  { 'content.media.state': 1, createdAt: 1 },
  { name: 'media_pending', partialFilterExpression: { 'content.media.state': 'PENDING' } },
)
// Partial, because a message's status changes up to four times, and only the few failed messages are listed by status.
messageSchema.index({ tenantId: 1, at: -1, _id: -1 }, { name: 'tenant_failed', partialFilterExpression: { status: 'FAILED' } })
messageSchema.index(
  { tenantId: 1, campaignId: 1, status: 1, _id: 1 },
  { name: 'tenant_campaign', partialFilterExpression: { campaignId: isId } },
)
messageSchema.index(
  { tenantId: 1, 'content.text': 'text' },
  { name: 'tenant_text', default_language: 'none', language_override: 'textLanguage' },
)
// The last four fields let the backlog be counted from the index alone, and put chat before campaign messages of the same time.
// They change only together with the first ones.
messageSchema.index(
  {
    'dispatch.state': 1,
    phoneNumberId: 1,
    'dispatch.nextStepAt': 1,
    tenantId: 1,
    'dispatch.priority': -1,
    'dispatch.reason': 1,
    createdAt: 1,
  },
  { name: 'dispatch_due', partialFilterExpression: waiting },
)
messageSchema.index(
  { tenantId: 1, sendAt: 1, _id: 1 },
  { name: 'tenant_scheduled', partialFilterExpression: { 'dispatch.reason': 'scheduled' } },
)
// Only messages that their senders gave a time, and only while they are still to be sent.
messageSchema.index(
  { expiresAt: 1 },
  { name: 'dispatch_expiring', partialFilterExpression: { expiresAt: { $type: 'date' }, ...waiting } },
)
messageSchema.index(
  { unprojectedSince: 1 },
  { name: 'unprojected', partialFilterExpression: { unprojectedSince: { $type: 'date' } } },
)
messageSchema.index(
  { conversationId: 1, seq: 1 },
  { name: 'conversation_seq', unique: true, partialFilterExpression: { seq: { $gt: 0 } } },
)
messageSchema.index({ 'dispatch.token': 1 }, { name: 'dispatch_token', partialFilterExpression: { 'dispatch.token': isText } })
messageSchema.index({ conversationId: 1, _id: 1 }, { name: 'dispatch_predecessor', partialFilterExpression: waiting })
