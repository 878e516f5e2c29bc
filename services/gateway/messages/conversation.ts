import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import { keepsNewConversation } from '#shared/domain/inbox/visibility.ts'
import { portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ContactDoc, ConversationDoc, Id, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { newContact } from '#shared/model/new-rows.ts'
import type { Store } from '#shared/store/connect.ts'
import { findLeadsOf } from '#shared/store/contacts/lead-links.ts'
import { getLead } from '#shared/store/contacts/leads.ts'
import { ensureContact } from '#shared/store/contacts/recipients.ts'
import { upsertConversation } from '#shared/store/inbox/accept.ts'
import { requireMayReply } from './may-reply.ts'
import type { Destination } from './recipient.ts'

export interface MessageInput {
  to?: string
  conversationId?: string
  clientId?: string
  replyTo?: string
  sendAt?: string
  expiresAt?: string
  fallback?: TemplateToSend
  candidateName?: string
  candidateId?: string
  applicationId?: string
  leadId?: string
}

interface Touch {
  destination: Destination
  input: MessageInput
  now: Date
  caller: Caller
  tenant: TenantDoc
}

/** Creates the contact of a first message, or finds the one that another request has just created. */
export function createContact(store: Store, { destination, input, now }: Touch): Promise<ContactDoc> {
  const { client, waId, userId } = destination
  const name = input.candidateName ?? null
  const portfolio = userId === null ? {} : { portfolio: portfolioOf(client) }
  const keys = { waId, userId, ...portfolio, name, nameSource: name ? ('agent' as const) : null }
  return ensureContact(store, newContact(client.tenantId, keys, now))
}

/**
 * The conversation of a message, with what the caller says of it; made if it is new. Its counters and its last message follow by
 * the recorder. @throws ApiError 403 when it is somebody else's by now, 404 for a lead that does not exist
 */
export async function conversationFor(store: Store, about: Touch, contact: ContactDoc): Promise<ConversationDoc> {
  const { destination, input, now, caller, tenant } = about
  const { candidateName, candidateId, applicationId } = input
  const leadId = await leadFor(store, about, contact)
  const wanted = { candidateName, candidateId, applicationId, leadId: input.leadId === undefined ? undefined : leadId }
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  if (destination.conversation !== null && Object.keys(given).length === 0) return destination.conversation
  const assignedTo = keepsNewConversation(tenant.settings, caller) ? { id: toId(caller.id), name: caller.name } : null
  const by = toId(caller.id)
  const own = { given: Object.keys(given).length > 0 ? { ...given, updatedBy: by } : given, leadId, assignedTo, createdBy: by }
  const found = await upsertConversation(store, { client: destination.client, contact, now }, own)
  // Another request may have begun it meanwhile.
  requireMayReply(tenant, caller, found, false)
  return found
}

/** Lead that the caller names; for a new conversation without one, the lead that its contact already has. */
async function leadFor(store: Store, { destination, input, caller }: Touch, contact: ContactDoc): Promise<Id | null> {
  if (input.leadId !== undefined) return (await getLead(store, caller.tenantId, input.leadId))._id
  if (destination.conversation !== null) return null
  return (await findLeadsOf(store, contact.tenantId, [contact])).get(String(contact._id)) ?? null
}
