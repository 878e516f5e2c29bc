import { errorView, messageView } from '#shared/contracts/to-views.ts'
import { parseCallbackData } from '#shared/domain/callback-data.ts'
import { advance, DELIVERY_STATUSES, type DeliveryStatus } from '#shared/domain/delivery-status.ts'
import { errorDoc } from '#shared/domain/send-errors.ts'
import { isObject, type Json, listOf, text } from '#shared/meta/json.ts'
import type { StatusItem } from '#shared/meta/webhook.ts'
import type { ClientDoc, MessageDoc, MessageErrorDoc, TimelineEntry } from '#shared/store/documents.ts'
import type { Draft, RecordState } from '#shared/store/record-state.ts'
import { type Telling, tell } from './tell.ts'
import { ignored, PROCESSED, type Word } from './word.ts'

/** A voice message that was played was read. */
const RANKED: Record<string, DeliveryStatus> = {
  sent: 'SENT',
  delivered: 'DELIVERED',
  read: 'READ',
  played: 'READ',
  failed: 'FAILED',
}
const OPTED_OUT = 131050

/** One word of Meta about a message of ours: joins its timeline once, and moves its status forward only. */
export function foldStatus(state: RecordState, item: StatusItem, client: ClientDoc, telling: Telling): Word {
  const callback = parseCallbackData(item.status_.biz_opaque_callback_data)
  const draft = state.findMessage(client.tenantId, item.wamid, callback?.messageId ?? null)
  if (draft === undefined) return park(state, item, callback, telling.now)
  state.settledParked.push(item.eventId)
  const { doc } = draft
  if (doc.direction === 'INBOUND') return ignored('a status of an inbound message')

  const error = errorOf(item)
  const isNews = noteInTimeline(draft, item, error)
  if (doc.previousIds.includes(item.wamid)) return isNews ? PROCESSED : ignored('an earlier attempt')
  if (callback && doc.wamid !== null && doc.wamid !== item.wamid) {
    draft.set('timeline', [
      ...doc.timeline,
      { kind: 'note', at: item.at, detail: 'sent twice: Meta reports a second message for it' },
    ])
    return PROCESSED
  }
  if (doc.wamid === null) draft.set('wamid', item.wamid)
  price(draft, item.status_)
  const reported = RANKED[item.status]
  if (reported === undefined) return ignored(`status ${item.status} has no rank`)
  move(state, draft, reported, error, item, telling)
  if (error?.code === OPTED_OUT) optOut(state, doc, item)
  return PROCESSED
}

/** Its message may still be on its way into the store: kept for 24 h, and applied when it appears. */
function park(state: RecordState, item: StatusItem, callback: ReturnType<typeof parseCallbackData>, now: Date): Word {
  state.parked.push({
    _id: item.eventId,
    phoneNumberId: item.phoneNumberId ?? '',
    wamid: item.wamid,
    messageId: callback?.messageId ?? null,
    attempt: callback?.attempt ?? null,
    status: item.status,
    at: item.at,
    payload: item.payload,
    createdAt: now,
  })
  return { status: 'PENDING', reason: 'its message is not known yet' }
}

function errorOf(item: StatusItem): MessageErrorDoc | null {
  const [error] = listOf(item.status_.errors)
  if (item.status !== 'failed') return null
  if (!isObject(error)) return errorDoc({ code: null })
  const details = isObject(error.error_data) ? text(error.error_data.details) : null
  return errorDoc({
    code: Number(error.code),
    title: text(error.title) ?? text(error.message),
    detail: details ?? text(error.details) ?? text(error.message),
  })
}

/** False when the very same report is there. */
function noteInTimeline(draft: Draft<MessageDoc>, item: StatusItem, error: MessageErrorDoc | null): boolean {
  const key = `${item.status}:${item.at.getTime()}:${error?.code ?? ''}`
  if (draft.doc.timeline.some(entry => entry.key === key)) return false
  const entry: TimelineEntry = { kind: 'status', at: item.at, key, status: item.status }
  if (error?.code != null) entry.code = error.code
  if (error?.detail) entry.detail = error.detail
  draft.set('timeline', [...draft.doc.timeline, entry])
  return true
}

/** `pricing` comes with one of the statuses: free ones cost nothing, billed ones what the tenant's table said at acceptance. */
function price(draft: Draft<MessageDoc>, status: Json): void {
  const { cost } = draft.doc
  if (!isObject(status.pricing) || cost === null) return
  const category = text(status.pricing.category) ?? cost.category
  const isFree = text(status.pricing.type)?.startsWith('free') === true || status.pricing.billable === false
  const amount = isFree ? 0 : cost.amount
  if (cost.amount !== amount || cost.category !== category) draft.set('cost', { ...cost, amount, category })
}

function move(
  state: RecordState,
  draft: Draft<MessageDoc>,
  reported: DeliveryStatus,
  error: MessageErrorDoc | null,
  item: StatusItem,
  telling: Telling,
): void {
  const { doc } = draft
  const current = DELIVERY_STATUSES.find(status => status === doc.status) ?? 'QUEUED'
  const isProvisional = current === 'FAILED' && doc.error?.source === 'platform'
  const next = advance(current, reported, isProvisional)
  if (next === current && !(isProvisional && reported === 'FAILED')) return
  draft.set('status', next)
  draft.set('statusUpdatedAt', item.at)
  draft.set('updatedAt', telling.now)
  draft.set('error', next === 'FAILED' ? error : null)
  // Meta has it: whatever we still meant to do about it is settled.
  draft.set('dispatch', null)
  followInConversation(state, doc, telling, item.eventId)
  announce(state, doc, reported, item, telling, current === 'QUEUED' || isProvisional)
}

function followInConversation(state: RecordState, doc: MessageDoc, telling: Telling, cause: string): void {
  const conversation = state.conversations.get(String(doc.conversationId))
  if (conversation === undefined) return
  const { lastMessage } = conversation.doc
  if (doc.status === 'FAILED') conversation.set('lastError', doc.error)
  if (lastMessage?.messageId.equals(doc._id)) conversation.set('lastMessage', { ...lastMessage, status: doc.status })
  if (conversation.changed.size > 0) telling.updated.set(conversation, cause)
}

function announce(
  state: RecordState,
  doc: MessageDoc,
  reported: DeliveryStatus,
  item: StatusItem,
  telling: Telling,
  wasUnsent: boolean,
): void {
  const conversation = state.conversations.get(String(doc.conversationId))?.doc
  if (conversation === undefined) return
  const told = {
    conversationId: String(doc.conversationId),
    messageId: String(doc._id),
    externalMessageId: doc.wamid,
    message: messageView(doc),
  }
  if (reported === 'SENT' && wasUnsent) {
    tell(state, telling, item.eventId, 'message:sent', conversation, { ...told, status: 'sent' })
    return
  }
  tell(state, telling, item.eventId, 'message:status', conversation, {
    ...told,
    status: reported.toLowerCase(),
    error: errorView(doc.error),
  })
}

function optOut(state: RecordState, doc: MessageDoc, item: StatusItem): void {
  const contact = [...state.contacts].find(draft => draft.doc._id.equals(doc.contactId))
  if (contact === undefined || contact.doc.optOut) return
  contact.set('optOut', true)
  contact.set('optOutAt', item.at)
  contact.set('optOutSource', `Meta's error ${OPTED_OUT}`)
}
