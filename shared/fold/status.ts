import { byMessage } from '../domain/inbox/thread-owner.ts'
import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { type DeliveryStatus, statusRank } from '../domain/messages/delivery-status.ts'
import { ENDED } from '../domain/messages/dispatch.ts'
import { errorDoc } from '../domain/messages/send-errors.ts'
import { type Prices, reportedPrices } from '../domain/prices/cost.ts'
import { isObject, listOf, text } from '../meta/json.ts'
import { readPricing } from '../meta/pricing.ts'
import { type StatusItem, timeOf } from '../meta/webhook.ts'
import { isOfGroup, keysOfParticipant } from '../meta/webhook-lists.ts'
import type { ClientDoc, ConversationDoc, MessageDoc, MessageErrorDoc } from '../model/documents.ts'
import { usesOf } from '../model/template-use.ts'
import { waitEntries } from '../views/wait-entries.ts'
import type { FoldContext } from './context.ts'
import { updateLastMessage } from './conversation.ts'
import { ERASED, isErasedMessage, isOfErasedMessage } from './erased.ts'
import { fallBack } from './fall-back.ts'
import { prefer } from './identity.ts'
import { latest } from './merge-contacts.ts'
import { pauseNumbers, reportOf } from './number-pauses.ts'
import { showOutcome } from './projection.ts'
import { emitStatus } from './realtime-events.ts'
import { mergeRecipient } from './recipient-keys.ts'
import { noteOwner } from './routing/owner.ts'
import { change, findByUser, messageByWamid, note, pairKey, type State, type Tracked, touch, waKey } from './state.ts'
import { ignored, PROCESSED, park, type Verdict } from './verdict.ts'

/** Delivery status for each of Meta's. `played` (of a voice message) counts as read. */
const REPORTED: Record<string, DeliveryStatus> = {
  sent: 'SENT',
  delivered: 'DELIVERED',
  read: 'READ',
  played: 'READ',
  failed: 'FAILED',
}

const OPTED_OUT = 131_050

export function foldStatus(state: State, context: FoldContext, client: ClientDoc, item: StatusItem): Verdict {
  const callback = parseCallbackData(item.report.biz_opaque_callback_data)
  const message = messageOf(state, client, item)
  if (isOfGroup(item.report) && !isInGroup(state, message?.doc)) return ignored('a report about a group')
  if (message === undefined ? isOfErasedMessage(state, client.tenantId, item) : isErasedMessage(state, message.doc)) return ERASED
  freeEntryPoint(state, client, item, message?.doc)
  if (message === undefined) {
    const named = { messageId: callback?.messageId ?? null, attempt: callback?.attempt ?? null }
    return park(state, item, item.wamid, { status: item.status, ...named }, context.now)
  }
  if (message.doc.direction === 'INBOUND') return ignored('status of an inbound message')
  const error = failureOf(item)
  const key = `${item.status}:${stampOf(item)}:${error?.code ?? ''}${participant(item)}`
  if (message.doc.timeline.some(entry => entry.key === key)) return again(state, context, item, message)
  mergeRecipient(state, context, client, item, message)
  noteOtherApp(state, item, message.doc)
  const isCurrent = isOfPresentAttempt(message.doc, item, callback?.attempt ?? null)
  note(message, {
    kind: 'status',
    at: item.at,
    key,
    status: item.status.toUpperCase(),
    receivedAt: item.receivedAt,
    ...(error?.code != null && { code: error.code }),
    ...(!isCurrent && { detail: 'of an earlier attempt' }),
  })
  if (error?.code === OPTED_OUT) optOut(state, message.doc, item)
  if (isCurrent) {
    apply(state, context, item, message, error)
    pauseNumbers(state, context, client, item, message.doc)
  } else if (REPORTED[item.status] !== 'FAILED') noteSentTwice(message, item)
  return PROCESSED
}

/** Meta's time as it stands in a status; empty where it is none. */
const stampOf = ({ report }: StatusItem) => (timeOf(report.timestamp, FAR) === null ? '' : text(report.timestamp))

/** Whether a message was sent to a group. What members of a group report says nothing about a message to one person. */
const isInGroup = (state: State, message: MessageDoc | undefined): boolean =>
  Boolean(state.conversations.get(String(message?.conversationId))?.doc.groupId)

/** The copy of a status tells that another app writes to the customer. */
function noteOtherApp(state: State, item: StatusItem, { conversationId }: MessageDoc): void {
  const conversation = state.conversations.get(String(conversationId))
  if (item.field !== 'standby' || conversation === undefined) return
  if (noteOwner(conversation, byMessage('other', item.at))) touch(state, conversation, item.eventId)
}

/**
 * A status that its message holds already: a copy, or an interrupted try of the same item. What follows from the status is done
 * once more after a thorough load; it depends on the message alone.
 */
function again(state: State, { now }: FoldContext, item: StatusItem, { doc }: Tracked<MessageDoc>): Verdict {
  if (!state.isThorough) {
    state.needsThorough = true
    return ALREADY_REPORTED
  }
  // What follows from a failure was written together with it, in a transaction.
  if (item.status === 'failed') return ALREADY_REPORTED
  emitStatus(state, item.eventId, doc, now)
  const conversation = updateLastMessage(state, doc)
  if (conversation) touch(state, conversation, item.eventId)
  return PROCESSED
}

const ALREADY_REPORTED = ignored('already reported')

/** Opts the recipient out of marketing because a message failed with 131050. */
function optOut(state: State, message: MessageDoc, item: StatusItem): void {
  const contact = state.contacts.get(String(message.contactId))
  if (contact) prefer(state, contact, { optOut: true, optOutAt: item.at, optOutSource: 'whatsapp' })
}

/** Whether a failure means that the recipient has opted out of marketing. */
export function isOptOut({ report }: StatusItem): boolean {
  const [error] = listOf(report.errors)
  return isObject(error) && Number(error.code) === OPTED_OUT
}

/** Message of a status: by our id from the callback data, otherwise by the wamid, which may not be stored yet. */
export function messageOf(state: State, client: ClientDoc, item: StatusItem): Tracked<MessageDoc> | undefined {
  const messageId = parseCallbackData(item.report.biz_opaque_callback_data)?.messageId ?? null
  const own = messageId === null ? undefined : state.messages.get(messageId)
  if (own?.doc.tenantId.equals(client.tenantId)) return own
  return messageByWamid(state, client.tenantId, item.wamid)
}

/**
 * Whether a status is about the present attempt. A message that was sent again has several wamids; a status with an earlier one
 * is about the past. A message without a wamid accepts any status, except the failure of an attempt before the present one.
 */
function isOfPresentAttempt({ wamid, previousIds, dispatch }: MessageDoc, item: StatusItem, attempt: number | null): boolean {
  if (previousIds?.includes(item.wamid)) return false
  if (wamid !== null && wamid !== undefined) return wamid === item.wamid
  const isEarlier = dispatch != null && attempt !== null && attempt < dispatch.attempt
  return !(isEarlier && item.status === 'failed')
}

function apply(
  state: State,
  context: FoldContext,
  item: StatusItem,
  message: Tracked<MessageDoc>,
  error: MessageErrorDoc | null,
): void {
  const { doc } = message
  const fields: Partial<MessageDoc> = {}
  if (!doc.wamid) fields.wamid = item.wamid
  if (doc.dispatch) {
    for (const entry of waitEntries(doc.dispatch, context.now)) note(message, entry)
    fields.dispatch = ENDED
  }
  const reported = REPORTED[item.status]
  if (reported === 'FAILED' && fallBack(state, context, item, message, error)) return
  const isProvisional = doc.error?.source === 'platform'
  const isFurther = reported !== undefined && statusRank(reported) > statusRank(doc.status as DeliveryStatus, isProvisional)
  const wasUnsent = doc.status === 'QUEUED' || doc.status === 'FAILED'
  if (isFurther && wasUnsent && reported !== 'FAILED') state.templateUses.push(...usesOf(doc, item.at))
  if (isFurther) Object.assign(fields, { status: reported, statusUpdatedAt: item.at, error })
  const prices = pricesOf(context, doc, item)
  if (prices) Object.assign(fields, prices)
  if (Object.keys(fields).length > 0) change(message, { ...fields, updatedAt: context.now })
  if (!isFurther && prices === null) return
  emitStatus(state, item.eventId, doc, context.now)
  const conversation = state.conversations.get(String(doc.conversationId))
  if (!isFurther || conversation === undefined) return
  const isShown = updateLastMessage(state, doc) !== null
  const isErrorShown = showOutcome(conversation, doc)
  if (isShown || isErrorShown) touch(state, conversation, item.eventId)
}

function noteSentTwice(message: Tracked<MessageDoc>, item: StatusItem): void {
  const key = `twice:${item.wamid}`
  if (message.doc.previousIds?.includes(item.wamid) || message.doc.timeline.some(entry => entry.key === key)) return
  note(message, { kind: 'note', at: item.at, key, detail: 'sent twice: an earlier attempt was accepted as well' })
}

function failureOf(item: StatusItem): MessageErrorDoc | null {
  const report = reportOf(item)
  if (report === null) return null
  const described = errorDoc(report)
  return report.title ? { ...described, title: report.title } : described
}

/** Part of the key for the member of a group, because each member has a status of its own. */
function participant({ report }: StatusItem): string {
  const { waId, userId } = keysOfParticipant(report)
  return isOfGroup(report) ? `:${waId ?? userId ?? ''}` : ''
}

/** Prices by the pricing in a status; null without pricing. */
function pricesOf({ tenants }: FoldContext, doc: MessageDoc, item: StatusItem): Prices | null {
  const pricing = readPricing(item.report)
  const settings = tenants.get(String(doc.tenantId))?.settings
  if (pricing === null || settings === undefined) return null
  const key = doc.contactKeyKind === 'userId' ? { userId: doc.contactKey } : { waId: doc.contactKey }
  const waId = key.waId ?? item.person.waId
  const userId = key.userId ?? item.person.userId
  return reportedPrices(settings, { pricing, isTemplate: doc.type === 'template', cost: doc.cost, waId, userId, at: item.at })
}

/** Stores the end of a free entry point: after a click on an ad and a reply, everything is free until then. */
function freeEntryPoint(state: State, client: ClientDoc, item: StatusItem, message: MessageDoc | undefined): void {
  const until = freeUntil(item)
  if (until === null) return
  const conversation = state.conversations.get(String(message?.conversationId)) ?? conversationOf(state, client, item)
  if (conversation) change(conversation, { freeEntryPointExpiresAt: latest(conversation.doc.freeEntryPointExpiresAt, until) })
}

function conversationOf(state: State, client: ClientDoc, item: StatusItem): Tracked<ConversationDoc> | undefined {
  const { waId, userId } = item.person
  const contact =
    (userId !== null && findByUser(state, client, userId)) ||
    (waId !== null && state.contactsByKey.get(waKey(client.tenantId, waId)))
  return contact ? state.conversationsByPair.get(pairKey(client._id, contact.doc._id)) : undefined
}

/** End of the free entry point in a status; null for any other conversation. */
export function freeUntil({ report }: StatusItem): Date | null {
  const { conversation } = report
  const origin = isObject(conversation) && isObject(conversation.origin) ? text(conversation.origin.type) : null
  if (!isObject(conversation) || origin !== 'referral_conversion') return null
  return timeOf(conversation.expiration_timestamp, FAR)
}
/** Upper bound for an expiry, which lies in the future and is not clamped to the arrival. */
const FAR = new Date(8.64e15)
