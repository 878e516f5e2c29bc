import { indexLeads } from '../domain/contacts/lead-keys.ts'
import { newerPreference, type Preference } from '../domain/contacts/opt-out.ts'
import { withKeys } from '../domain/contacts/search-keys.ts'
import { joinUserIds } from '../domain/contacts/user-ids.ts'
import { firstReferral, latestReferral } from '../domain/inbox/referral.ts'
import { byMessage, joinOwners, type ThreadOwner } from '../domain/inbox/thread-owner.ts'
import { joined } from '../domain/inbox/waiting.ts'
import { isLater } from '../domain/is-later.ts'
import { afterFailure, afterSending } from '../domain/messages/failures.ts'
import type { ContactDoc, ConversationDoc, Id } from '../model/documents.ts'
import { copyOf } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { change, pairKey, type State, type Tracked } from './state.ts'

/** Merges two contacts of one person: the older one is kept and gets the other's keys, conversations and leads. */
export function mergeOlder(
  state: State,
  context: FoldContext,
  one: Tracked<ContactDoc>,
  other: Tracked<ContactDoc>,
): Tracked<ContactDoc> {
  return isOlder(one, other) ? mergeInto(state, context, one, other) : mergeInto(state, context, other, one)
}

/** Merges the contact `gone` into `kept`. */
export function mergeInto(
  state: State,
  context: Pick<FoldContext, 'now'>,
  kept: Tracked<ContactDoc>,
  gone: Tracked<ContactDoc>,
): Tracked<ContactDoc> {
  const { otherUserIds, ...ids } = joinUserIds(kept.doc, gone.doc)
  const others = otherUserIds?.length || kept.doc.otherUserIds ? { otherUserIds: [...(otherUserIds ?? [])] } : {}
  const keys = { ...ids, ...others, waId: kept.doc.waId ?? gone.doc.waId }
  const named = kept.doc.name === null ? gone.doc : kept.doc
  const shown = { name: named.name, nameSource: named.nameSource, phone: kept.doc.phone ?? gone.doc.phone }
  const attributes = { ...gone.doc.attributes, ...kept.doc.attributes }
  const username = kept.doc.username ?? gone.doc.username
  const parentUserId = kept.doc.parentUserId ?? gone.doc.parentUserId
  const leadDeletedAt = kept.doc.leadDeletedAt ?? gone.doc.leadDeletedAt ?? null
  const consent = newestConsent(kept.doc, gone.doc)
  const referral = firstReferral(kept.doc.firstReferral, gone.doc.firstReferral)
  const labels = [...new Set([...(kept.doc.labels ?? []), ...(gone.doc.labels ?? [])])]
  change(gone, {
    ...NO_KEYS,
    ...(gone.doc.otherUserIds && { otherUserIds: [] }),
    keys: [],
    deletedAt: context.now,
    joinedWith: kept.doc._id,
  })
  change(kept, {
    ...withKeys(kept.doc, { ...keys, ...shown, username }),
    parentUserId,
    attributes,
    block: kept.doc.block ?? gone.doc.block ?? null,
    optOut: consent.optOut,
    optOutAt: consent.optOutAt,
    optOutSource: consent.optOutSource,
    ...(labels.length > 0 && { labels }),
    ...(referral && { firstReferral: referral }),
    leadDeletedAt,
  })
  for (const [key, contact] of state.contactsByKey) if (contact === gone) state.contactsByKey.set(key, kept)
  moveConversations(state, context, kept, gone)
  if (gone.isNew) state.contacts.delete(String(gone.doc._id))
  return kept
}

/** Of the same time, or of two that were never said, the opt-out. */
const newestConsent = (a: Preference, b: Preference): Preference => (a.optOut ? newerPreference(b, a) : newerPreference(a, b))

const NO_KEYS = { waId: null, userId: null, portfolio: null }

const isOlder = (one: Tracked<ContactDoc>, other: Tracked<ContactDoc>) =>
  one.isNew === other.isNew ? String(one.doc._id) < String(other.doc._id) : other.isNew

function moveConversations(
  state: State,
  context: Pick<FoldContext, 'now'>,
  kept: Tracked<ContactDoc>,
  gone: Tracked<ContactDoc>,
): void {
  const all = [...state.conversations.values()]
  const moved = all.filter(({ doc }) => doc.contactId.equals(gone.doc._id) && !doc.deletedAt)
  const conversations = moved.map(conversation => {
    const target = state.conversationsByPair.get(pairKey(conversation.doc.clientId, kept.doc._id))
    const offset = target?.doc.messageCount ?? 0
    if (target) joinConversations(state, context, target, conversation)
    else reassign(state, kept, conversation)
    return { from: conversation.doc._id, to: (target ?? conversation).doc._id, offset }
  })
  for (const { doc } of state.messages.values()) {
    const move = conversations.find(({ from }) => from.equals(doc.conversationId))
    if (move === undefined) continue
    Object.assign(doc, { conversationId: move.to, contactId: kept.doc._id })
    if (doc.seq !== undefined) doc.seq += move.offset
  }
  moveLeads(state, kept.doc, gone.doc)
  const own = all.filter(({ doc }) => doc.contactId.equals(kept.doc._id))
  const leadId = own.reduce<Id | null>((oldest, { doc }) => older(oldest, doc.leadId), null)
  for (const conversation of own)
    change(conversation, {
      contact: copyOf(kept.doc, conversation.doc),
      ...(conversation.doc.leadId && { leadId }),
    })
  state.moves.push({ tenantId: kept.doc.tenantId, fromContactId: gone.doc._id, toContactId: kept.doc._id, conversations })
}

/** Moves the leads of `gone`; all of them stay, and the oldest is found from now on. */
function moveLeads(state: State, kept: ContactDoc, gone: ContactDoc): void {
  const leads = [...new Set(state.leads.values())]
  const moved = leads.filter(({ contactId }) => contactId?.equals(gone._id))
  if (moved.length === 0) return
  for (const lead of moved) lead.contactId = kept._id
  state.leads = indexLeads(leads.toSorted((a, b) => (String(a._id) < String(b._id) ? -1 : 1)))
}

const older = (a: Id | null, b: Id | null): Id | null => (a && b ? (String(a) < String(b) ? a : b) : (a ?? b))

function reassign(state: State, kept: Tracked<ContactDoc>, conversation: Tracked<ConversationDoc>): void {
  change(conversation, { contactId: kept.doc._id })
  state.conversationsByPair.set(pairKey(conversation.doc.clientId, kept.doc._id), conversation)
}

/** Merges two conversations: counts are added, the newer values win. */
function joinConversations(
  state: State,
  context: Pick<FoldContext, 'now'>,
  into: Tracked<ConversationDoc>,
  from: Tracked<ConversationDoc>,
): void {
  const a = into.doc
  const b = from.doc
  const lastMessage = newer(a.lastMessage, b.lastMessage, message => [message.at, message.messageId])
  const threadOwner = ownerOf(a, b)
  const inbound = (b.lastInboundAt?.getTime() ?? 0) > (a.lastInboundAt?.getTime() ?? 0) ? b : a
  change(into, {
    messageCount: a.messageCount + b.messageCount,
    unreadCount: a.unreadCount + b.unreadCount,
    lastMessage,
    lastActivityAt: latest(a.lastActivityAt, b.lastActivityAt) as Date,
    lastInboundAt: inbound.lastInboundAt,
    lastInboundWamid: inbound.lastInboundWamid,
    windowExpiresAt: latest(a.windowExpiresAt, b.windowExpiresAt),
    referralAt: latest(a.referralAt, b.referralAt),
    ...((a.lastReferral || b.lastReferral) && { lastReferral: latestReferral(a.lastReferral, b.lastReferral) }),
    freeEntryPointExpiresAt: latest(a.freeEntryPointExpiresAt, b.freeEntryPointExpiresAt),
    status: a.status === 'open' || b.status === 'open' ? 'open' : 'closed',
    assignedTo: a.assignedTo ?? b.assignedTo,
    labels: [...new Set([...a.labels, ...b.labels])],
    ...joined(a, b),
    ...(threadOwner && { threadOwner }),
    ...joinedBanner(a, b),
    lastCampaign: newer(a.lastCampaign ?? null, b.lastCampaign ?? null, campaign => [campaign.at, campaign.id]),
    ...(repliesOf(a, b).length > 0 && { campaignReplies: repliesOf(a, b) }),
    snoozedUntil: a.snoozedUntil && b.snoozedUntil ? latest(a.snoozedUntil, b.snoozedUntil) : null,
    automaticDue: newer(a.automaticDue ?? null, b.automaticDue ?? null, due => [due.at, due.arrivedAt.toISOString()]),
    greetedAt: latest(a.greetedAt ?? null, b.greetedAt ?? null),
    leadId: older(a.leadId, b.leadId),
    candidateId: a.candidateId ?? b.candidateId,
    candidateName: a.candidateName ?? b.candidateName,
    applicationId: a.applicationId ?? b.applicationId,
  })
  const contact = { ...b.contact, keys: [] }
  change(from, { deletedAt: context.now, messageCount: 0, unreadCount: 0, lastMessage: null, contact, ...NOTHING_DUE })
  if (from.isNew) state.conversations.delete(String(b._id))
  state.touched.delete(String(b._id))
}

/** What jobs look for: the conversation that is left has it. */
const NOTHING_DUE = { snoozedUntil: null, automaticDue: null, waitingSince: null, unanswered: [] }

/** What both show after all outcomes of both. */
function joinedBanner(a: ConversationDoc, b: ConversationDoc): Pick<ConversationDoc, 'lastError' | 'lastSent'> {
  const own = { lastError: a.lastError, lastSent: a.lastSent ?? null }
  const withError = b.lastError ? afterFailure(own, b.lastError) : own
  return b.lastSent ? afterSending(withError, b.lastSent) : withError
}

const repliesOf = (a: ConversationDoc, b: ConversationDoc): Id[] => [
  ...new Map([...(a.campaignReplies ?? []), ...(b.campaignReplies ?? [])].map(id => [String(id), id])).values(),
]

/** Who answers; a conversation that only ever had messages of ours tells when the last one came. */
function ownerOf(a: ConversationDoc, b: ConversationDoc): ThreadOwner | null {
  if (!a.threadOwner && !b.threadOwner) return null
  const known = [a, b].flatMap(({ threadOwner, lastInboundAt }) =>
    threadOwner ? [threadOwner] : lastInboundAt ? [byMessage('platform', lastInboundAt)] : [],
  )
  return known.reduce(joinOwners)
}

export const latest = (a: Date | null, b: Date | null): Date | null => newer(a, b, date => [date, ''])

/** The newer of two by its time; of the same time, the one with the greater key. */
function newer<T>(a: T | null, b: T | null, placeOf: (one: T) => [Date, Id | string]): T | null {
  if (a === null || b === null) return a ?? b
  const [[atA, keyA], [atB, keyB]] = [placeOf(a), placeOf(b)]
  return isLater({ at: atB, id: keyB }, { at: atA, id: keyA }) ? b : a
}
