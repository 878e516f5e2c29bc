import type { ClientSession } from 'mongoose'
import type { BatchKeys, Loaded } from '../../model/batch-plan.ts'
import type { ContactDoc, ErasedKey, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { findErasedKeys } from '../contacts/erasures.ts'
import { namesOf } from './load-recipients.ts'

/**
 * Reads who of the people in a batch was erased. Nearly nobody is looked for: a contact that is older than the item is not of
 * somebody who was erased after it, and a status whose message is there says by its message whether it was emptied.
 */
export async function loadErased(
  store: Store,
  keys: BatchKeys,
  inHand: Pick<Loaded, 'contacts' | 'messages'>,
  { session }: { session?: ClientSession },
): Promise<ErasedKey[]> {
  const found: ErasedKey[] = []
  for (const { tenantId, people } of peopleToLookFor(keys, inHand))
    found.push(...(await findErasedKeys(store, tenantId, people, session)))
  return found
}

/** Keys to look for, by tenant. Exported for its test. */
export function peopleToLookFor(
  { people }: Pick<BatchKeys, 'people'>,
  { contacts, messages }: { contacts: ContactDoc[]; messages: MessageDoc[] },
): { tenantId: Id; people: string[] }[] {
  const names = new Set(messages.flatMap(namesOf))
  const createdAt = new Map(contacts.flatMap(contact => keysOf(contact).map(key => [key, contact.createdAt] as const)))
  const wanted = new Map<string, { tenantId: Id; people: string[] }>()
  for (const { tenantId, keys, at, message } of people) {
    const isSure =
      message === null
        ? keys.some(key => (createdAt.get(`${tenantId}:${key}`)?.getTime() ?? Number.POSITIVE_INFINITY) <= at.getTime())
        : names.has(message.messageId ?? '') || names.has(message.wamid)
    if (isSure) continue
    const known = wanted.get(String(tenantId)) ?? { tenantId, people: [] }
    known.people.push(...keys)
    wanted.set(String(tenantId), known)
  }
  return [...wanted.values()]
}

const keysOf = ({ tenantId, waId, userId, otherUserIds }: ContactDoc): string[] =>
  [waId, userId, ...(otherUserIds ?? []).map(other => other.userId)].flatMap(key => (key === null ? [] : `${tenantId}:${key}`))
