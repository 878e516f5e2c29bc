import type { ClientSession } from 'mongoose'
import { answeredWait, type EarlierMessage } from '../../domain/analytics/answered-wait.ts'
import type { AnsweredWait } from '../../domain/analytics/contribution.ts'
import type { Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

/** Messages before an answer that are looked at: of a customer who wrote more without an answer, the last ones count. */
const LOOKED_AT = 50

type Answer = Pick<MessageDoc, '_id' | 'conversationId' | 'at'>

/** How long customers had waited for these answers, by the id of the answer; an answer that nobody waited for is left out. */
export async function readWaits(
  store: Store,
  tenantId: Id,
  answers: readonly Answer[],
  session: ClientSession,
): Promise<Map<string, AnsweredWait>> {
  const found = new Map<string, AnsweredWait>()
  // Statements of a transaction must not overlap.
  for (const { _id, conversationId, at } of answers) {
    const wait = answeredWait(at, await readEarlier(store, tenantId, { conversationId, at }, session))
    if (wait) found.set(String(_id), wait)
  }
  return found
}

const PROJECTION = { direction: 1, type: 1, origin: 1, campaignId: 1, at: 1, createdAt: 1, isImported: 1 } as const

function readEarlier(
  store: Store,
  tenantId: Id,
  { conversationId, at }: Pick<Answer, 'conversationId' | 'at'>,
  session: ClientSession,
): Promise<EarlierMessage[]> {
  const filter = { tenantId, conversationId, at: { $lte: at } }
  const options = { projection: PROJECTION, hint: 'tenant_thread', session }
  return store.raw.messages.find<EarlierMessage>(filter, options).sort({ at: -1, _id: -1 }).limit(LOOKED_AT).toArray()
}
