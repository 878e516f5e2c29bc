import type { ContactDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { duplicatesOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import type { Settlement, Step } from './outcome-writes.ts'

interface Named {
  message: MessageDoc
  keys: NonNullable<(Step & { kind: 'sent' })['named']>
}

/**
 * Recipients are called from now on what Meta called them in its answers. Whoever was given another key meanwhile keeps it;
 * and so it is where somebody else holds the new one: the webhook that names both keys joins the two. @throws Outage
 */
export async function nameRecipients(store: Store, settlements: readonly Settlement[], now: Date): Promise<void> {
  const named = settlements.flatMap(({ message, step }) =>
    step.kind === 'sent' && step.named ? [{ message, keys: step.named }] : [],
  )
  if (named.length === 0) return
  const writes = named.flatMap(one => contactWrites(one, now))
  await orOutage(store.raw.contacts.bulkWrite(writes, { ordered: false }).catch(unlessTaken))
  const own = { tenantId: { $in: idsOf(named, 'tenantId') }, _id: { $in: idsOf(named, 'contactId') }, deletedAt: null }
  const contacts = await orOutage(store.raw.contacts.find(own).toArray())
  if (contacts.length > 0) await orOutage(store.raw.conversations.bulkWrite(contacts.map(conversationsWrite), { ordered: false }))
}

const idsOf = (named: Named[], name: 'tenantId' | 'contactId'): Id[] => named.map(({ message }) => message[name])

/** Only while the contact has the key by which the message went, or none of that kind. */
function contactWrites({ message, keys }: Named, now: Date) {
  const { tenantId, contactId, contactKey, contactKeyKind } = message
  const before = (kind: 'waId' | 'userId') => (kind === contactKeyKind ? contactKey : null)
  const own = { _id: contactId, tenantId, deletedAt: null }
  const ofUser = { filter: { ...own, userId: before('userId') }, update: { $set: { userId: keys.userId, updatedAt: now } } }
  const phone = { $cond: [{ $in: [{ $ifNull: ['$phone', null] }, [null, '$waId']] }, keys.waId, '$phone'] }
  const ofPhone = {
    filter: { ...own, waId: before('waId') },
    update: [{ $set: { waId: keys.waId, phone, updatedAt: now } }],
  }
  return [...(keys.userId ? [{ updateOne: ofUser }] : []), ...(keys.waId ? [{ updateOne: ofPhone }] : [])]
}

/** Threads show copies; also those that a crash has left behind. */
const conversationsWrite = ({ _id, tenantId, waId, userId, phone }: ContactDoc) => ({
  updateMany: {
    filter: { tenantId, contactId: _id, deletedAt: null },
    update: { $set: { 'contact.waId': waId, 'contact.userId': userId, 'contact.phone': phone } },
  },
})

function unlessTaken(error: unknown): void {
  if (duplicatesOf(error) === null) throw error
}
