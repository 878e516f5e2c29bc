import type {
  ContactView,
  ConversationView,
  MessageDetailView,
  MessageErrorView,
  MessageView,
  NoteView,
  ReferralView,
  TimelineEntryView,
} from '../contracts/views.ts'
import type { Referral } from '../domain/inbox/referral.ts'
import { marketingView } from '../domain/messages/marketing-messages.ts'
import { textKeyOf } from '../domain/messages/send-errors.ts'
import { windowIsOpen } from '../domain/messages/service-window.ts'
import type { MetaCost } from '../domain/prices/meta-cost.ts'
import type {
  Author,
  ContactDoc,
  ContactSnapshot,
  ConversationDoc,
  Dispatch,
  Fallback,
  Id,
  MessageDoc,
  MessageErrorDoc,
  NoteDoc,
  TimelineEntry,
} from '../model/documents.ts'
import { isReadOnly } from '../model/new-rows.ts'
import { waitEntries } from './wait-entries.ts'

/** Documents as the API returns and the sockets emit them. Views are built field by field, so that no internal field gets out. */

const iso = (at: Date | null | undefined): string | null => at?.toISOString() ?? null
const hex = (id: Id | null | undefined): string | null => id?.toHexString() ?? null
/** A phone number for display, with `+`; stored numbers are digits only. */
export const shownPhone = (digits: string | null | undefined): string | null => (digits ? `+${digits}` : null)

export function contactView(id: Id, contact: ContactSnapshot | ContactDoc): ContactView {
  return {
    id: id.toHexString(),
    waId: contact.waId,
    userId: contact.userId,
    phone: shownPhone(contact.phone),
    name: contact.name,
    username: contact.username,
    optOut: contact.optOut,
  }
}

export function errorView(error: MessageErrorDoc | null | undefined): MessageErrorView | null {
  if (!error) return null
  const { code, title, detail, sentence, nextStep, source } = error
  return { key: textKeyOf(error), code, title, detail, sentence, nextStep, source }
}

export function referralView(referral: Referral | null | undefined): ReferralView | null {
  if (!referral) return null
  const { sourceId, sourceType, headline, ctwaClid, at } = referral
  return { sourceId, sourceType, headline, ctwaClid, at: at.toISOString() }
}

export function conversationView(doc: ConversationDoc, now: Date): ConversationView {
  const last = doc.lastMessage
  return {
    id: doc._id.toHexString(),
    clientId: doc.clientId.toHexString(),
    phoneNumberId: doc.phoneNumberId,
    contact: contactView(doc.contactId, doc.contact),
    candidateName: doc.candidateName ?? null,
    candidateId: doc.candidateId ?? null,
    applicationId: doc.applicationId ?? null,
    leadId: hex(doc.leadId),
    status: doc.status,
    assignedTo: doc.assignedTo ? { id: doc.assignedTo.id.toHexString(), name: doc.assignedTo.name } : null,
    labels: [...doc.labels],
    unreadCount: doc.unreadCount,
    messageCount: doc.messageCount,
    lastMessage: last
      ? { text: last.text, type: last.type, direction: last.direction, status: last.status, at: last.at.toISOString() }
      : null,
    windowExpiresAt: iso(doc.windowExpiresAt),
    inWindow: windowIsOpen(doc.windowExpiresAt, now),
    waitingSince: iso(doc.waitingSince),
    snoozedUntil: iso(doc.snoozedUntil),
    groupId: doc.groupId ?? null,
    readOnly: isReadOnly(doc),
    threadOwner: doc.threadOwner
      ? { owner: doc.threadOwner.owner, role: doc.threadOwner.role, since: doc.threadOwner.at.toISOString() }
      : null,
    lastError: errorView(doc.lastError),
    lastReferral: referralView(doc.lastReferral),
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}

export function noteView(doc: NoteDoc): NoteView {
  return {
    id: doc._id.toHexString(),
    conversationId: hex(doc.conversationId),
    leadId: hex(doc.leadId),
    text: doc.text,
    isPrivate: doc.isPrivate,
    mentions: (doc.mentions ?? []).map(mentioned => mentioned.toHexString()),
    createdBy: hex(doc.createdBy),
    createdAt: doc.createdAt.toISOString(),
  }
}

export function messageView(doc: MessageDoc): MessageView {
  const { media, template } = doc.content
  return {
    id: doc._id.toHexString(),
    conversationId: doc.conversationId.toHexString(),
    clientId: doc.clientId.toHexString(),
    direction: doc.direction,
    type: doc.type,
    content: {
      text: doc.content.text ?? null,
      media: media
        ? {
            id: media.id.toHexString(),
            mimeType: media.mimeType,
            filename: media.filename,
            size: media.size,
            state: media.state,
            problem: media.problem ?? null,
            hasThumbnail: media.hasThumbnail === true,
          }
        : null,
      template: template ? { name: template.name, language: template.language, variables: template.variables } : null,
      data: doc.content.data ?? null,
    },
    status: doc.status,
    statusUpdatedAt: doc.statusUpdatedAt.toISOString(),
    externalMessageId: doc.wamid ?? null,
    error: errorView(doc.error),
    waiting: waitingOf(doc.dispatch),
    cost: doc.cost ? costView(doc.cost) : null,
    metaCost: doc.metaCost ? metaCostView(doc.metaCost) : null,
    sendAt: iso(doc.sendAt),
    expiresAt: iso(doc.expiresAt),
    directSend: doc.directSend ? { category: doc.directSend.category, ttlSeconds: doc.directSend.ttlSeconds } : null,
    marketingMessages: marketingView(doc.marketingMessages),
    fallback: doc.fallback ? fallbackView(doc.fallback) : null,
    replyTo: doc.replyTo ? { messageId: hex(doc.replyTo.messageId), externalMessageId: doc.replyTo.wamid } : null,
    // A removed reaction is stored with an empty emoji, so that an older reaction that arrives late does not come back.
    reactions: (doc.reactions ?? [])
      .filter(({ emoji }) => emoji !== '')
      .map(({ emoji, direction, at }) => ({ emoji, direction, at: at.toISOString() })),
    editedAt: iso(doc.editedAt),
    revokedAt: iso(doc.revokedAt),
    emptiedAt: iso(doc.emptiedAt),
    forwarded: doc.forwarded ?? null,
    referral: doc.referral ?? null,
    author: doc.author ? authorView(doc.author) : null,
    timeUnreadable: doc.isTimeUnreadable ?? null,
    ofOtherApp: doc.isOfOtherApp ?? null,
    sentBy: doc.sentBy ? { kind: doc.sentBy.kind, id: hex(doc.sentBy.id), name: doc.sentBy.name } : null,
    origin: doc.origin ?? null,
    createdAt: doc.at.toISOString(),
  }
}

const authorView = ({ waId, userId, name, username }: Author) => ({ waId, userId, name, username })

const costView = ({ amount, currency, category }: NonNullable<MessageDoc['cost']>) => ({ amount, currency, category })

export const metaCostView = ({ amount, currency, category, type, basis }: MetaCost) => ({
  amount,
  currency,
  category,
  type,
  basis,
})

function fallbackView({
  template,
  content,
  cost,
  metaCost,
  usedAt,
  because,
  instead,
}: Fallback): NonNullable<MessageView['fallback']> {
  const { name, language } = template
  return {
    state: usedAt ? 'used' : 'ready',
    template: { name, language, variables: content.template?.variables ?? {} },
    text: content.text,
    cost: costView(cost),
    metaCost: metaCost ? metaCostView(metaCost) : null,
    usedAt: iso(usedAt),
    because,
    instead: instead ? { type: instead.type, text: instead.text } : null,
  }
}

export function messageDetailView(doc: MessageDoc, now: Date): MessageDetailView {
  return { ...messageView(doc), timeline: [...doc.timeline, ...waitEntries(doc.dispatch, now)].map(timelineView) }
}

function timelineView(entry: TimelineEntry): TimelineEntryView {
  return {
    kind: entry.kind,
    at: entry.at.toISOString(),
    status: entry.status ?? null,
    reason: entry.reason ?? null,
    attempt: entry.attempt ?? null,
    outcome: entry.outcome ?? null,
    httpStatus: entry.httpStatus ?? null,
    code: entry.code ?? null,
    latencyMs: entry.latencyMs ?? null,
    ms: entry.ms ?? null,
    times: entry.times ?? null,
    traceId: entry.traceId ?? null,
    detail: entry.detail ?? null,
  }
}

/** The reason and end of a queued message's wait; null when it does not wait. */
function waitingOf(dispatch: Dispatch | null | undefined): MessageView['waiting'] {
  if (dispatch?.state === 'UNKNOWN') return { reason: 'unknown', until: iso(dispatch.deadlineAt) }
  if (dispatch?.state !== 'WAITING' || dispatch.reason === null) return null
  return { reason: dispatch.reason, until: iso(dispatch.nextStepAt) }
}
