import { isBusinessScopedId, parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { readSpelling } from '#shared/domain/contacts/phone-spelling.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { notFound } from '#shared/domain/errors.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findContactIds } from '#shared/store/contacts/recipients.ts'
import { findConversationsWith } from '#shared/store/inbox/conversations.ts'
import { listClients } from '#shared/store/numbers/clients.ts'

/**
 * Conversations with the contact of a phone number (with or without `+`) or business-scoped id: one for each number of the
 * tenant, the most recently active first; none for an unknown contact.
 * @param clientId only the conversation of this number
 */
export async function conversationsOfPhone(
  store: Store,
  tenantId: string,
  phone: string,
  clientId?: string,
): Promise<ConversationDoc[]> {
  const ids = await findContactIds(store, tenantId, isBusinessScopedId(phone) ? { userId: phone } : { waIds: waIdsOf(phone) })
  return ids.length === 0 ? [] : findConversationsWith(store, tenantId, ids, clientId)
}

/**
 * Id of the tenant's number that can still send and has the latest conversation with this phone number; undefined when none can,
 * and then the primary number sends.
 */
export async function numberSpeakingWith(store: Store, tenantId: string, phone: string): Promise<string | undefined> {
  const conversations = await conversationsOfPhone(store, tenantId, phone)
  if (conversations.length === 0) return undefined
  const clients = await listClients(store, tenantId)
  const able = new Set(clients.filter(({ status }) => status === 'active' || status === 'paused').map(({ _id }) => String(_id)))
  return conversations.map(({ clientId }) => String(clientId)).find(id => able.has(id))
}

/** The latest conversation with a phone number, and the others. @throws ApiError 404 when there is none */
export async function getConversationsOfPhone(
  ...where: Parameters<typeof conversationsOfPhone>
): Promise<{ conversation: ConversationDoc; others: ConversationDoc[] }> {
  const [conversation, ...others] = await conversationsOfPhone(...where)
  if (conversation === undefined) throw notFound('Conversation')
  return { conversation, others }
}

/** WhatsApp ids to look for, including the digits as given: a stored id may be an invalid national number. None for no number. */
function waIdsOf(phone: string): string[] {
  const spelling = readSpelling(phone)
  if ('problem' in spelling) return []
  const parsed = parsePhone(`+${spelling.digits}`)
  return [spelling.digits, ...(parsed ? phoneVariants(parsed.waId) : [])]
}
