import type { ClientSession } from 'mongoose'
import { notFound } from '../../domain/errors.ts'
import type { Plan } from '../../model/batch-plan.ts'
import type { ContactDoc, ConversationDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import type { Alongside } from '../transaction.ts'
import { loadLeftBehind } from './load.ts'
import { writeInTransaction } from './write.ts'

export interface Pair {
  kept: ContactDoc
  other: ContactDoc
  conversations: ConversationDoc[]
  /** Messages that are stored and not counted yet. */
  messages: MessageDoc[]
}

/**
 * Reads two contacts and their conversations, and writes the plan that `planOf` makes, in one transaction. @throws ApiError 404
 */
export async function mergePair<T extends { plan: Plan }>(
  store: Store,
  { tenantId, keptId, otherId }: { tenantId: Id; keptId: Id; otherId: Id },
  { planOf, now, alongside }: { planOf: (pair: Pair) => T; now: Date; alongside?: Alongside<T> | undefined },
): Promise<T> {
  return await store.transaction(async session => {
    const planned = planOf(await loadPair(store, tenantId, [keptId, otherId], session))
    await writeInTransaction(store.raw, planned.plan, now, session)
    await alongside?.(planned, session)
    return planned
  })
}

async function loadPair(store: Store, tenantId: Id, ids: [Id, Id], session: ClientSession): Promise<Pair> {
  const found = await store.raw.contacts.find({ tenantId, _id: { $in: ids }, deletedAt: null }, { session }).toArray()
  const [kept, other] = ids.map(id => found.find(contact => contact._id.equals(id)))
  if (kept === undefined || other === undefined) throw notFound('Contact')
  const own = { tenantId, contactId: { $in: ids }, deletedAt: null }
  const conversations = await store.raw.conversations.find(own, { session }).toArray()
  return { kept, other, conversations, messages: await loadLeftBehind(store.raw, conversations, { session }) }
}
