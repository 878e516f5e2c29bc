import { areDifferentPeople } from '../domain/contacts/identity.ts'
import { ApiError } from '../domain/errors.ts'
import { planOf } from '../fold/batch.ts'
import { countLeftBehind } from '../fold/count.ts'
import { mergeInto } from '../fold/merge-contacts.ts'
import { emitConversations, emitJoined } from '../fold/realtime-events.ts'
import { openState, type Tracked, touchConversations } from '../fold/state.ts'
import type { Plan } from '../model/batch-plan.ts'
import type { ContactDoc, EventDoc, Id } from '../model/documents.ts'
import { newId } from '../model/ids.ts'
import type { Store } from '../store/connect.ts'
import { mergePair, type Pair } from '../store/recording/merge-contacts.ts'
import type { Alongside } from '../store/transaction.ts'

export interface MergeOrder {
  tenantId: Id
  /** Contact that is kept, with its name where both have one. */
  keptId: Id
  otherId: Id
  now: Date
}

/**
 * Merges two contacts on a person's request: the kept one gets the other's keys, conversations, leads and attributes. Contacts
 * with different WhatsApp numbers or ids are refused, because the next message would separate them again.
 * @throws ApiError 404, 409 CONTACTS_DIFFER
 */
export async function mergeContacts(
  store: Store,
  order: MergeOrder,
  alongside?: Alongside<unknown>,
): Promise<{ contact: ContactDoc; events: EventDoc[] }> {
  return await mergePair(store, order, { planOf: pair => planMerge(pair, order), now: order.now, alongside })
}

function planMerge(pair: Pair, { now }: MergeOrder): { plan: Plan; contact: ContactDoc; events: EventDoc[] } {
  if (areDifferentPeople(pair.kept, pair.other) || pair.kept.groupId || pair.other.groupId)
    throw new ApiError(
      409,
      'CONTACTS_DIFFER',
      'The contacts cannot be merged because they have different WhatsApp numbers or ids.',
    )
  const { kept, other, conversations, messages } = pair
  const loaded = { isThorough: true, known: [], contacts: [kept, other], conversations, messages, leads: [], templates: [] }
  const state = openState(loaded)
  countLeftBehind(state, now)
  const [one, two] = [kept, other].map(({ _id }) => state.contacts.get(String(_id))) as [Tracked<ContactDoc>, Tracked<ContactDoc>]
  const { doc } = mergeInto(state, { now }, one, two)
  const cause = `g:${newId()}`
  emitJoined(state, now)
  touchConversations(state, doc._id, cause)
  emitConversations(state, now)
  const plan = planOf(state)
  return { plan, contact: doc, events: plan.events }
}
