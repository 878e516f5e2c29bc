import type { ClientSession, mongo } from 'mongoose'
import { mediaOf } from '../../domain/campaigns/campaign.ts'
import { isBlocked } from '../../domain/contacts/block.ts'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { scopesOf, userIdIn } from '../../domain/contacts/user-ids.ts'
import { portfolioOf } from '../../domain/numbers/sending.ts'
import { pricesOf } from '../../domain/prices/cost.ts'
import { rowProblem } from '../../domain/row-problems.ts'
import { type SentenceKey, sentenceKey } from '../../domain/sentence.ts'
import { fillTemplate } from '../../domain/templates/fill.ts'
import { describeProblems, keysOfProblems } from '../../domain/templates/problem.ts'
import type {
  CampaignDoc,
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  MessageDoc,
  RecipientDoc,
  TemplateDoc,
  TenantDoc,
} from '../../model/documents.ts'
import { keysFor, newContact, newConversation, newOutbound } from '../../model/new-rows.ts'
import type { Store } from '../connect.ts'
import { EMPTY_RECIPIENT } from '../contacts/erase-rows.ts'
import { findErasedSince } from '../contacts/erasures.ts'
import { findLeadsOf } from '../contacts/lead-links.ts'
import { BY_ID } from '../dispatch/outcome-writes.ts'
import { recipientId, recipientKey, recipientPrefix } from './campaigns.ts'

export interface Release {
  campaign: CampaignDoc
  template: TemplateDoc
  tenant: TenantDoc
  client: ClientDoc
  limit: number
  now: Date
}

/**
 * Turns the next recipients into messages, with their contacts and conversations, in one transaction with the campaign's position
 * in its audience: a crash neither repeats nor loses a recipient. Their conversations show the messages once they are sent, or when
 * the sweep finds them waiting: nobody looks for a message of a campaign earlier.
 * @returns READY rows for the caller to enqueue; null when the campaign was changed meanwhile
 */
export async function releaseRecipients(store: Store, release: Release): Promise<MessageDoc[] | null> {
  try {
    return await store.transaction(session => releaseIn(store, release, session))
  } catch (error) {
    if (error instanceof CampaignChanged) return null
    throw error
  }
}

/** Aborts the transaction of a release. */
class CampaignChanged extends Error {
  override readonly name = 'CampaignChanged'
}

async function releaseIn(store: Store, release: Release, session: ClientSession): Promise<MessageDoc[]> {
  const { campaign } = release
  const pending = await nextRecipients(store, release, session)
  const known = await findContacts(store, release.client, pending, session)
  const erased = await findErased(store, release, pending, known, session)
  const recipients = pending.filter(recipient => !erased.includes(recipient))
  const contacts = await ensureContacts(store, release, { recipients, known }, session)
  const addressed = recipients.map(recipient => ({ recipient, contact: contactOf(contacts, recipient) }))
  const conversations = await ensureConversations(store, release, addressed, session)
  const planned = addressed.map(({ recipient, contact }) =>
    plan(release, recipient, contact, conversations.get(String(contact._id)) as ConversationDoc),
  )
  const messages = planned.flatMap(({ message }) => message ?? [])
  if (messages.length > 0) await store.raw.messages.insertMany(messages, { session })
  const settled = [...planned.map(settle), ...erased.map(skipErased)]
  if (settled.length > 0) await store.raw.campaignRecipients.bulkWrite(settled, { session, ordered: false })
  const last = pending.length < release.limit ? campaign.audience.read : (pending.at(-1) as RecipientDoc).row
  const counts = { released: messages.length, skipped: pending.length - messages.length }
  if (!(await advance(store, release, last, counts, session))) throw new CampaignChanged('the campaign was changed meanwhile')
  return messages
}

/** @returns false when the campaign is no longer running, or another process has released more of it */
async function advance(
  store: Store,
  { campaign: { _id, tenantId, releasedRow }, now }: Release,
  last: number,
  counts: { released: number; skipped: number },
  session: ClientSession,
): Promise<boolean> {
  const filter = { _id, tenantId, status: 'RUNNING' as const, releasedRow }
  const update = { $set: { releasedRow: last, updatedAt: now }, $inc: counts }
  const { matchedCount } = await store.raw.campaigns.updateOne(filter, update, { session })
  return matchedCount === 1
}

async function nextRecipients(store: Store, { campaign, limit }: Release, session: ClientSession): Promise<RecipientDoc[]> {
  const { tenantId, _id, audience, releasedRow } = campaign
  const range = {
    $gt: recipientId(_id, audience.generation, releasedRow),
    $lt: `${recipientPrefix(_id, audience.generation)}~`,
  }
  const filter = { tenantId, _id: range, state: 'PENDING' as const }
  return await store.raw.campaignRecipients.find(filter, { session, hint: BY_ID }).sort({ _id: 1 }).limit(limit).toArray()
}

type Contacts = Map<string, ContactDoc>

/** Recipients who are nobody's contact because they were erased after the audience was given. */
async function findErased(
  store: Store,
  { campaign: { tenantId, audience } }: Release,
  recipients: RecipientDoc[],
  known: Contacts,
  session: ClientSession,
): Promise<RecipientDoc[]> {
  const missing = recipients.filter(recipient => !known.has(keyOf(recipient)))
  if (missing.length === 0 || audience.since === null) return []
  const erased = await findErasedSince(store, tenantId, missing.map(keyOf), audience.since, session)
  return missing.filter(recipient => erased.has(keyOf(recipient)))
}

async function ensureContacts(
  store: Store,
  release: Release,
  { recipients, known }: { recipients: RecipientDoc[]; known: Contacts },
  session: ClientSession,
): Promise<Contacts> {
  const { tenantId } = release.campaign
  const missing = recipients.filter(recipient => !known.has(keyOf(recipient)))
  if (missing.length === 0) return known
  const added = missing.map(({ waId, userId, name }) => {
    const portfolio = userId === null ? {} : { portfolio: portfolioOf(release.client) }
    return newContact(tenantId, { waId, userId, ...portfolio, name, nameSource: name === null ? null : 'agent' }, release.now)
  })
  await store.raw.contacts.insertMany(added, { session })
  for (const contact of added) known.set(keyOf(contact), contact)
  return known
}

async function findContacts(
  store: Store,
  client: ClientDoc,
  recipients: RecipientDoc[],
  session: ClientSession,
): Promise<Contacts> {
  const { tenantId } = client
  const waIds = recipients.flatMap(({ waId }) => (waId === null ? [] : phoneVariants(waId)))
  const userIds = recipients.flatMap(({ userId }) => userId ?? [])
  const byPhone =
    waIds.length === 0 ? [] : await store.raw.contacts.find({ tenantId, waId: { $in: waIds } }, { session }).toArray()
  const byUser =
    userIds.length === 0
      ? []
      : await store.raw.contacts
          .find(
            {
              $or: [
                { tenantId, userId: { $in: userIds } },
                { tenantId, 'otherUserIds.userId': { $in: userIds } },
              ],
            },
            { session },
          )
          .toArray()
  const byKey = new Map<string, ContactDoc>()
  for (const contact of byPhone) for (const variant of phoneVariants(contact.waId as string)) byKey.set(variant, contact)
  // The exact number takes precedence over another form of it.
  for (const contact of byPhone) byKey.set(contact.waId as string, contact)
  for (const contact of byUser) {
    const userId = userIdIn(contact, scopesOf(client))
    if (userId !== null) byKey.set(userId, contact)
  }
  return byKey
}

const keyOf = ({ waId, userId }: Pick<RecipientDoc, 'waId' | 'userId'>) => (waId ?? userId) as string
const contactOf = (contacts: Contacts, recipient: RecipientDoc) => contacts.get(keyOf(recipient)) as ContactDoc

/**
 * The conversations by contact id, created where missing. A conversation that a campaign creates is closed until the person
 * replies.
 */
async function ensureConversations(
  store: Store,
  { client, now }: Release,
  addressed: { contact: ContactDoc }[],
  session: ClientSession,
): Promise<Map<string, ConversationDoc>> {
  if (addressed.length === 0) return new Map()
  const contactIds = addressed.map(({ contact }) => contact._id)
  const filter = { tenantId: client.tenantId, clientId: client._id, contactId: { $in: contactIds } }
  const found = await store.raw.conversations.find(filter, { session, hint: 'tenant_client_contact' }).toArray()
  const conversations = new Map(found.map(conversation => [String(conversation.contactId), conversation]))
  const missing = addressed.map(({ contact }) => contact).filter(({ _id }) => !conversations.has(String(_id)))
  const leads = await findLeadsOf(store, client.tenantId, missing, session)
  const added = missing.map(contact => ({
    ...newConversation(client, contact, now),
    leadId: leads.get(String(contact._id)) ?? null,
    status: 'closed' as const,
  }))
  // An erasure that begins meanwhile conflicts with it, and does not miss the conversation.
  const own = { tenantId: client.tenantId, _id: { $in: missing.map(({ _id }) => _id) } }
  if (added.length > 0) await store.raw.contacts.updateMany(own, { $set: { updatedAt: now } }, { session })
  if (added.length > 0) await store.raw.conversations.insertMany(added, { session })
  for (const conversation of added) conversations.set(String(conversation.contactId), conversation)
  return conversations
}

interface Planned {
  recipient: RecipientDoc
  message: MessageDoc | null
  skipped: Required<Pick<RecipientDoc, 'reason' | 'detail' | 'detailKeys'>> | null
}

const BLOCKED = rowProblem('contact-blocked')
const OPTED_OUT = rowProblem('contact-opted-out')

function plan(release: Release, recipient: RecipientDoc, contact: ContactDoc, conversation: ConversationDoc): Planned {
  const { campaign, template } = release
  const skip = (reason: 'opted-out' | 'template', detail: string, detailKeys: SentenceKey[]) => ({
    recipient,
    message: null,
    skipped: { reason, detail, detailKeys },
  })
  if (isBlocked(contact)) return skip('opted-out', BLOCKED.text, [sentenceKey(BLOCKED)])
  if (contact.optOut && template.category === 'MARKETING') return skip('opted-out', OPTED_OUT.text, [sentenceKey(OPTED_OUT)])
  const media = mediaOf(campaign, recipient.headerMedia)
  const filled = fillTemplate(template, recipient.variables, media)
  if (filled.kind === 'wrong') return skip('template', describeProblems(filled.problems), keysOfProblems(filled.problems))
  const components = filled.components.length > 0 ? { components: filled.components } : {}
  const payload = { type: 'template', template: { name: template.name, language: { code: template.language }, ...components } }
  const shown = { name: template.name, language: template.language, variables: filled.variables }
  const content = { text: filled.text, media: null, template: shown, data: null }
  return { recipient, message: messageOf(release, recipient, contact, conversation, { payload, content }), skipped: null }
}

function messageOf(
  { campaign, template, tenant, client, now }: Release,
  recipient: RecipientDoc,
  contact: ContactDoc,
  conversation: ConversationDoc,
  own: Pick<MessageDoc, 'payload' | 'content'>,
): MessageDoc {
  return {
    ...newOutbound(
      { client, conversation, contact: keysFor(contact, client) },
      { type: 'template', ...own },
      { priority: 'campaign', now },
    ),
    ...pricesOf(tenant.settings, {
      category: template.category,
      windowExpiresAt: conversation.windowExpiresAt,
      freeEntryPointExpiresAt: conversation.freeEntryPointExpiresAt,
      waId: contact.waId,
      userId: contact.userId,
      now,
    }),
    idempotencyKey: recipientKey(recipient._id),
    sentBy: { kind: 'campaign', id: campaign._id, name: campaign.name },
    origin: 'campaign',
    campaignId: campaign._id,
    ...(campaign.marketingMessages && { marketingMessages: campaign.marketingMessages }),
    unprojectedSince: now,
    isUncounted: true,
  }
}

function settle({ recipient, message, skipped }: Planned): mongo.AnyBulkWriteOperation<RecipientDoc> {
  const $set = message ? { state: 'RELEASED' as const, messageId: message._id } : { state: 'SKIPPED' as const, ...skipped }
  return { updateOne: { filter: { _id: recipient._id, tenantId: recipient.tenantId }, update: { $set }, hint: BY_ID } }
}

const skipErased = ({ _id, tenantId }: RecipientDoc): mongo.AnyBulkWriteOperation<RecipientDoc> => ({
  updateOne: { filter: { _id, tenantId }, update: EMPTY_RECIPIENT, hint: BY_ID },
})
