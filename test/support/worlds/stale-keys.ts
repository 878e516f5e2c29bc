import { searchKeys } from '#shared/domain/contacts/search-keys.ts'
import type { ContactDoc, ConversationDoc, LeadDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'

interface Rows {
  contacts: readonly ContactDoc[]
  leads: readonly LeadDoc[]
  conversations: readonly ConversationDoc[]
}

/** Contacts, conversations and leads that a search finds by other words than their names and numbers, or although they are deleted. */
export function staleKeysAmong({ contacts, leads, conversations }: Rows): string[] {
  const people = [...contacts, ...leads].map(row => ({ row, has: row.keys, due: searchKeys(row) }))
  const threads = conversations.map(row => ({ row, has: row.contact.keys, due: searchKeys(row.contact, row.candidateName) }))
  return [...people, ...threads].flatMap(({ row, has, due }) => {
    const [found, wanted] = [has?.toSorted() ?? null, row.deletedAt ? [] : due.toSorted()]
    return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`${row._id}: ${found} instead of ${wanted}`]
  })
}

/** The same in a whole database. */
export async function staleKeys({ raw }: Store): Promise<string[]> {
  const [contacts, leads, conversations] = await Promise.all([
    raw.contacts.find().toArray(),
    raw.leads.find().toArray(),
    raw.conversations.find().toArray(),
  ])
  return staleKeysAmong({ contacts, leads, conversations })
}
