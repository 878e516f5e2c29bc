import type { ConversationDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import type { Session } from '../transaction.ts'

/** Notes that a conversation is being closed, in the same transaction; nothing where it is closed already. */
export async function recordClosing(
  store: Store,
  { tenantId, _id }: Pick<ConversationDoc, 'tenantId' | '_id'>,
  closedAt: Date,
  session: Session,
): Promise<void> {
  const { conversations, closings, messages } = store.models
  const fields = { status: 1, clientId: 1, assignedTo: 1 } as const
  const row = await conversations.findOne({ tenantId, _id }, fields, { session }).lean()
  if (row === null || row.status === 'closed') return
  const last = await closings
    .findOne({ tenantId, conversationId: _id }, { closedAt: 1 }, { session })
    .sort({ closedAt: -1 })
    .lean()
  const since = trusted({ $gt: last?.closedAt ?? new Date(0) })
  const filter = { tenantId, conversationId: _id, at: since, direction: 'INBOUND' as const, isImported: null }
  const first = await messages.findOne(filter, { at: 1 }, { session, hint: 'tenant_thread' }).sort({ at: 1, _id: 1 }).lean()
  const { clientId, assignedTo } = row
  const closing = {
    ...{ _id: newId(), tenantId, conversationId: _id, clientId },
    ...{ assignedTo: assignedTo?.id ?? null, openedAt: first?.at ?? null, closedAt, countedIn: 0 },
  }
  await closings.insertMany([closing], { session })
}
