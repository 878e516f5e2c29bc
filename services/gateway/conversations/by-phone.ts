import { isBusinessScopedId, parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { notFound } from '#shared/domain/errors.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { type Store, trusted } from '#shared/store/connect.ts'
import { findConversationsWith } from '#shared/store/inbox/conversations.ts'
import { listClients } from '#shared/store/numbers/clients.ts'

/**
 * The threads with whoever has this number (`+` or not) or business-scoped id: one for each of our numbers, the liveliest
 * first. None for a number that nobody has. @param clientId one of our numbers alone
 */
export async function conversationsOfPhone(
  store: Store,
  tenantId: string,
  phone: string,
  clientId?: string,
): Promise<ConversationDoc[]> {
  const key = isBusinessScopedId(phone) ? { userId: phone } : { waId: trusted({ $in: waIdsOf(phone) }) }
  const people = await store.models.contacts.find({ tenantId, ...key, deletedAt: null }, { _id: 1 }).lean()
  const ids = people.map(({ _id }) => _id)
  return ids.length === 0 ? [] : findConversationsWith(store, tenantId, ids, clientId)
}

/** The number of ours that last spoke with somebody and still can; undefined when none did: the primary one then. */
export async function numberSpeakingWith(store: Store, tenantId: string, phone: string): Promise<string | undefined> {
  const conversations = await conversationsOfPhone(store, tenantId, phone)
  if (conversations.length === 0) return undefined
  const clients = await listClients(store, tenantId)
  const able = new Set(clients.filter(({ status }) => status === 'active' || status === 'paused').map(({ _id }) => String(_id)))
  return conversations.map(({ clientId }) => String(clientId)).find(id => able.has(id))
}

/** @throws ApiError 404 */
export async function getConversationsOfPhone(
  ...where: Parameters<typeof conversationsOfPhone>
): Promise<{ conversation: ConversationDoc; others: ConversationDoc[] }> {
  const [conversation, ...others] = await conversationsOfPhone(...where)
  if (conversation === undefined) throw notFound('Conversation')
  return { conversation, others }
}

/** Also the digits as they are: whoever wrote has them, whatever the rules of their country say. */
function waIdsOf(phone: string): string[] {
  const digits = phone.replace(/\D/g, '')
  const parsed = parsePhone(`+${digits}`)
  return [digits, ...(parsed ? phoneVariants(parsed.waId) : [])]
}
