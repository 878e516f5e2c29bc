import { isBusinessScopedId, parsePhone, readPhone } from '#shared/domain/contacts/phone-number.ts'
import { NOT_VALID, plainText } from '#shared/domain/contacts/phone-spelling.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { scopesOf } from '#shared/domain/contacts/user-ids.ts'
import { ApiError, notFound } from '#shared/domain/errors.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { isReadOnly, keysFor } from '#shared/model/new-rows.ts'
import type { Store } from '#shared/store/connect.ts'
import type { ContactKeys } from '#shared/store/contacts/recipients.ts'
import { type FoundDestination, findDestinationIn, findDestinationWith } from '#shared/store/inbox/destinations.ts'
import { maySeeConversation } from '#shared/store/inbox/visibility.ts'
import { findCachedPrimaryClient, getCachedClient, getCachedNamedClient } from '#shared/store/numbers/cached-clients.ts'
import { phoneInvalid } from '../contacts/phone-of.ts'

/** Destination of a message: the tenant's number that sends it, the contact, and their conversation if there is one. */
export interface Destination extends ContactKeys, FoundDestination {
  client: ClientDoc
}

interface RecipientInput {
  to?: string
  conversationId?: string
  clientId?: string
}

/**
 * Finds where a message goes.
 * @param userId the sending user, whose own number is used where none is named
 * @throws ApiError 404 for foreign ids, 422 for a number that is invalid or contradicts the conversation
 */
export async function findDestination(
  store: Store,
  tenantId: string,
  input: RecipientInput,
  userId?: string,
): Promise<Destination> {
  if (input.conversationId !== undefined) return byConversation(store, tenantId, input.conversationId, input)
  const client = await clientFor(store, tenantId, input.clientId, userId)
  const to = input.to ?? ''
  const stored = storedKey(to, client)
  const key = stored ?? personKey(to, client)
  const found = await findDestinationWith(store, tenantId, { clientId: client._id, ...key, scopes: scopesOf(client) })
  if (stored !== null && found.contact?.waId !== stored.waId) throw invalidPhone(to, client)
  return { client, ...found, ...key }
}

/**
 * A destination as the caller may see it: of a conversation that is kept from the user nothing is known, and one that is named does
 * not exist. @throws ApiError as `findDestination`
 */
export async function visibleDestination(store: Store, tenantId: string, input: RecipientInput): Promise<Destination> {
  const found = await findDestination(store, tenantId, input)
  const { conversation } = found
  if (conversation === null || (await maySeeConversation(store, tenantId, conversation._id))) return found
  if (input.conversationId !== undefined) throw notFound('Conversation')
  return { ...found, conversation: null, contact: null, lastUnfinished: null }
}

async function byConversation(store: Store, tenantId: string, id: string, input: RecipientInput): Promise<Destination> {
  const found = await findDestinationIn(store, tenantId, id)
  if (!found?.conversation) throw notFound('Conversation')
  const { conversation, contact } = found
  const client = await getCachedClient(store, tenantId, conversation.clientId)
  if (isReadOnly(conversation)) throw readOnly()
  const { waId, userId } = contact ? keysFor(contact, client) : conversation.contact
  if (input.clientId !== undefined && !(await isNamed(store, client, input.clientId))) throw mismatch('clientId')
  if (input.to !== undefined) {
    const key = storedKey(input.to, client) ?? personKey(input.to, client)
    const agrees = key.waId !== null ? waId !== null && phoneVariants(waId).includes(key.waId) : key.userId === userId
    if (!agrees) throw mismatch('to')
  }
  return { client, ...found, waId, userId }
}

const readOnly = () =>
  new ApiError(422, 'CONVERSATION_READ_ONLY', 'This is the conversation of a group. Messages to groups cannot be sent from here.')

/** Whether the caller's name for a number means this one. @throws ApiError 404 for an unknown number or another tenant's */
const isNamed = async (store: Store, { tenantId, _id }: ClientDoc, name: string) =>
  String((await getCachedNamedClient(store, tenantId, name))._id) === String(_id)

const mismatch = (what: string) =>
  new ApiError(
    422,
    'RECIPIENT_MISMATCH',
    `\`${what}\` does not match the conversation of \`conversationId\`. Leave out \`${what}\`.`,
  )

/**
 * Number that the caller names, else the user's own, else the primary one.
 * @throws ApiError 404, 409 CLIENT_AMBIGUOUS, 422 NO_NUMBER
 */
export async function clientFor(
  store: Store,
  tenantId: string,
  clientId: string | undefined,
  userId?: string,
): Promise<ClientDoc> {
  if (clientId !== undefined) return getCachedNamedClient(store, tenantId, clientId)
  const primary = await findCachedPrimaryClient(store, tenantId, userId)
  if (primary === null) throw new ApiError(422, 'NO_NUMBER', 'No WhatsApp number is connected. Connect one first.')
  return primary
}

/** A number that is valid only where a contact has it already: WhatsApp ids may be invalid national numbers. Null for others. */
function storedKey(to: string, client: ClientDoc): ContactKeys | null {
  const waId = /^\+?(\d{6,15})$/.exec(plainText(to))?.[1]
  return waId !== undefined && parsePhone(to, client.whatsappNumber) === null ? { waId, userId: null } : null
}

/**
 * Keys of the contact that `to` names.
 * @param to business-scoped user id, or a phone number in any common form; a national one is read as of the business number's
 * country
 * @throws ApiError 422 PHONE_INVALID
 */
function personKey(to: string, client: Pick<ClientDoc, 'whatsappNumber'>): ContactKeys {
  if (isBusinessScopedId(to)) return { waId: null, userId: to }
  const parsed = parsePhone(to, client.whatsappNumber)
  if (parsed === null) throw invalidPhone(to, client)
  return { waId: parsed.waId, userId: null }
}

function invalidPhone(to: string, client: Pick<ClientDoc, 'whatsappNumber'>): ApiError {
  const read = readPhone(to, client.whatsappNumber)
  return phoneInvalid('to', 'problem' in read ? read.problem : NOT_VALID)
}
