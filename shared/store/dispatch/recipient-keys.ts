import { PHONE_KEY, phoneKeys } from '../../domain/contacts/search-keys.ts'
import type { ContactDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import type { Settlement, Step } from './outcome-writes.ts'

interface WithKeys {
  message: MessageDoc
  keys: NonNullable<(Step & { kind: 'sent' })['named']>
}

/**
 * Writes the recipient keys that Meta's answers gave to contacts and their conversations. A contact whose key changed meanwhile
 * keeps it. So does one whose new key another contact has: the webhook that names both keys merges the two. @throws Outage
 */
export async function saveRecipientKeys(store: Store, settlements: readonly Settlement[], now: Date): Promise<void> {
  const withKeys = settlements.flatMap(({ message, step }) =>
    step.kind === 'sent' && step.named ? [{ message, keys: step.named }] : [],
  )
  if (withKeys.length === 0) return
  const writes = withKeys.flatMap(one => contactWrites(one, now))
  await orOutage(store.raw.contacts.bulkWrite(writes, { ordered: false }).catch(unlessDuplicate))
  const own = { tenantId: { $in: idsOf(withKeys, 'tenantId') }, _id: { $in: idsOf(withKeys, 'contactId') }, deletedAt: null }
  const contacts = await orOutage(store.raw.contacts.find(own).toArray())
  const copies = contacts.flatMap(conversationsWrites)
  if (copies.length > 0) await orOutage(store.raw.conversations.bulkWrite(copies, { ordered: false }))
}

const idsOf = (withKeys: WithKeys[], name: 'tenantId' | 'contactId'): Id[] => withKeys.map(({ message }) => message[name])

/** Updates that apply only if the contact still has the key to which the message was sent, or none of that kind. */
function contactWrites({ message, keys }: WithKeys, now: Date) {
  const { tenantId, contactId, contactKey, contactKeyKind } = message
  const before = (kind: 'waId' | 'userId') => (kind === contactKeyKind ? contactKey : null)
  const own = { _id: contactId, tenantId, deletedAt: null }
  const ofUser = { filter: { ...own, userId: before('userId') }, update: { $set: { userId: keys.userId, updatedAt: now } } }
  const isShown = { $in: [{ $ifNull: ['$phone', null] }, [null, '$waId']] }
  const phone = { $cond: [isShown, keys.waId, '$phone'] }
  const found = { $cond: [isShown, withPhoneKeys('$keys', keys.waId), '$keys'] }
  const ofPhone = {
    filter: { ...own, waId: before('waId') },
    update: [{ $set: { waId: keys.waId, phone, keys: found, updatedAt: now } }],
  }
  return [...(keys.userId ? [{ updateOne: ofUser }] : []), ...(keys.waId ? [{ updateOne: ofPhone }] : [])]
}

/** Words by which a search finds somebody, with those of another phone number; none where there are none yet. */
const withPhoneKeys = (keys: string, phone: string | null | undefined) => {
  const isOfName = { $ne: [{ $substrCP: ['$$key', 0, 1] }, PHONE_KEY] }
  return { $concatArrays: [{ $filter: { input: keys, as: 'key', cond: isOfName } }, { $literal: phoneKeys(phone) }] }
}

/** Updates the copies in all conversations of a contact, also those that an earlier crash left unchanged. */
function conversationsWrites({ _id, tenantId, waId, userId, portfolio, phone }: ContactDoc) {
  const own = { tenantId, contactId: _id, deletedAt: null }
  const keys = withPhoneKeys('$contact.keys', phone ?? waId)
  // The user id is valid in its own portfolio alone.
  const inPortfolio = portfolio ? { portfolio: { $in: [portfolio, null] } } : {}
  return [
    { updateMany: { filter: own, update: [{ $set: { 'contact.waId': waId, 'contact.phone': phone, 'contact.keys': keys } }] } },
    { updateMany: { filter: { ...own, ...inPortfolio }, update: { $set: { 'contact.userId': userId } } } },
  ]
}

function unlessDuplicate(error: unknown): void {
  if (duplicatesOf(error) === null) throw error
}
