import type { ClientSession } from 'mongoose'
import { indexLeads, leadOf, phonesOf } from '../../domain/contacts/lead-keys.ts'
import type { ContactDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

/** Existing leads by contact id, for new conversations. A contact whose lead a user deleted has none. */
export async function findLeadsOf(
  store: Store,
  tenantId: Id,
  contacts: readonly ContactDoc[],
  session?: ClientSession,
): Promise<Map<string, Id>> {
  const wanted = contacts.filter(contact => !contact.leadDeletedAt)
  if (wanted.length === 0) return new Map()
  const $or = [
    { tenantId, contactId: { $in: wanted.map(({ _id }) => _id) } },
    { tenantId, phone: { $in: wanted.flatMap(phonesOf) } },
  ]
  const leads = await store.raw.leads
    .find({ tenantId, deletedAt: null, $or }, { ...(session && { session }) })
    .sort({ _id: 1 })
    .toArray()
  const index = indexLeads(leads)
  return new Map(
    wanted.flatMap(contact => {
      const lead = leadOf(index, contact)
      return lead ? [[String(contact._id), lead._id] as const] : []
    }),
  )
}
