import { phoneVariants } from './phone-variants.ts'

type Key = { toString(): string }
interface Lead {
  tenantId: Key
  contactId: Key | null
  phone: string | null
}
interface Person {
  _id: Key
  tenantId: Key
  waId: string | null
  phone: string | null
}

/** Leads by each of their keys: contact and phone. */
export type LeadIndex<L> = Map<string, L>

/** Index of leads, which must come oldest first: the first of two with the same key is kept. */
export function indexLeads<L extends Lead>(leads: Iterable<L>): LeadIndex<L> {
  const index: LeadIndex<L> = new Map()
  for (const lead of leads) addLead(index, lead)
  return index
}

export function addLead<L extends Lead>(index: LeadIndex<L>, lead: L): void {
  const { tenantId, contactId, phone } = lead
  const keys = [contactId && contactKey(tenantId, contactId), phone && phoneKey(tenantId, phone)]
  for (const key of keys) if (key && !index.has(key)) index.set(key, lead)
}

/** Lead that names the contact. */
export const leadOfContact = <L>(index: LeadIndex<L>, { tenantId, _id }: Pick<Person, '_id' | 'tenantId'>): L | undefined =>
  index.get(contactKey(tenantId, _id))

/** Lead of a person: the one that names the contact, otherwise one with any form of the phone number. */
export function leadOf<L>(index: LeadIndex<L>, person: Person): L | undefined {
  const byPhone = phonesOf(person).map(phone => phoneKey(person.tenantId, phone))
  return leadOfContact(index, person) ?? index.get(byPhone.find(key => index.has(key)) ?? '')
}

/** Every form of a person's phone numbers, the displayed one first. */
export function phonesOf({ waId, phone }: Pick<Person, 'waId' | 'phone'>): string[] {
  return [...new Set([phone, waId].flatMap(given => (given === null ? [] : phoneVariants(given))))]
}

const contactKey = (tenantId: Key, contactId: Key) => `${tenantId}:c:${contactId}`
const phoneKey = (tenantId: Key, phone: string) => `${tenantId}:p:${phone}`
