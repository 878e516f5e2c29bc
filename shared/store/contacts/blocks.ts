import type { Block, ClientDoc, ContactDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Contacts whose block or unblock must be sent to Meta and is due. Over all tenants. @throws Outage */
export async function findDueBlocks(store: Store, now: Date, limit: number): Promise<ContactDoc[]> {
  const filter = {
    'block.state': trusted({ $in: ['PENDING' as const, 'LIFTING' as const] }),
    'block.nextAt': trusted({ $lte: now }),
    deletedAt: null,
  }
  return await orOutage(acrossTenants(() => store.models.contacts.find(filter).limit(limit).lean()))
}

/** The connected numbers with which a contact has a conversation. @throws Outage */
export async function findNumbersOfContact(store: Store, { tenantId, _id }: ContactDoc): Promise<ClientDoc[]> {
  const conversations = store.models.conversations.find({ tenantId, contactId: _id, deletedAt: null }, { clientId: 1 }).lean()
  const ids = (await orOutage(conversations)).map(({ clientId }) => clientId)
  const status = trusted({ $ne: 'disconnected' as const })
  return await orOutage(store.models.clients.find({ tenantId, _id: trusted({ $in: ids }), status, deletedAt: null }).lean())
}

/** Writes the result of a block request (null: the block is lifted), unless a user changed the block meanwhile. @throws Outage */
export async function settleBlock(
  store: Store,
  { tenantId, _id, block }: ContactDoc,
  change: Partial<Block> | null,
): Promise<void> {
  const set = change && Object.fromEntries(Object.entries(change).map(([name, value]) => [`block.${name}`, value]))
  const filter = { tenantId, _id, 'block.at': block?.at, 'block.state': block?.state }
  await orOutage(store.models.contacts.updateOne(filter, { $set: set ?? { block: null } }))
}
