import type { ClientSession, HydratedDocument } from 'mongoose'
import type { Id, TemplateSyncDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'

/** Duration of a claim: after a crash another process takes over a sync after this time. */
const HELD_MS = 60_000

/** Requests a sync of a tenant's templates. @returns the new sync, or the one that is pending or running */
export async function requestSync(
  store: Store,
  tenantId: Id | string,
  { trigger, requestedBy, now }: Pick<TemplateSyncDoc, 'trigger' | 'requestedBy'> & { now: Date },
  alongside?: Alongside<TemplateSyncDoc>,
): Promise<TemplateSyncDoc> {
  const { templateSyncs } = store.models
  const order = { tenantId: toId(tenantId), trigger, requestedBy, dueAt: now }
  for (;;) {
    const open = await templateSyncs.findOne({ tenantId, isOpen: true }).lean()
    if (open && trigger === 'schedule') return open
    try {
      return await store.transaction(async session => {
        const sync = open ? await makeDue(store, open, now, session) : await insertSync(store, order, session)
        await alongside?.(sync, session)
        return sync
      })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }
}

type Order = Pick<TemplateSyncDoc, 'tenantId' | 'trigger' | 'requestedBy' | 'dueAt'>

async function insertSync({ models }: Store, order: Order, session: ClientSession): Promise<TemplateSyncDoc> {
  const [created] = await models.templateSyncs.create([{ ...order, _id: `sync:${newId()}` }], { session })
  return (created as HydratedDocument<TemplateSyncDoc>).toObject()
}

/** Makes a pending sync due at once, because a user waits for it. */
async function makeDue({ models }: Store, sync: TemplateSyncDoc, now: Date, session: ClientSession): Promise<TemplateSyncDoc> {
  const { _id, tenantId } = sync
  const filter = { _id, tenantId, status: 'PENDING' as const, dueAt: trusted({ $gt: now }) }
  await models.templateSyncs.updateOne(filter, { $set: { dueAt: now } }, { session })
  return sync
}

/** Whether `claimSync` would find one, at the price of a read. */
export async function isSyncDue(store: Store, now: Date): Promise<boolean> {
  return (await acrossTenants(() => store.models.templateSyncs.exists(dueSync(now)))) !== null
}

function dueSync(now: Date) {
  const free = [{ status: 'PENDING' as const }, { status: 'RUNNING' as const, heldUntil: trusted({ $lte: now }) }]
  return { isOpen: true, dueAt: trusted({ $lte: now }), $or: trusted(free) }
}

/** Claims a due sync of any tenant for 60 s, which `updateSync` renews; null when none is due. */
export async function claimSync(store: Store, now: Date): Promise<TemplateSyncDoc | null> {
  const update = { $set: { status: 'RUNNING' as const, heldUntil: heldUntil(now) }, $inc: { attempts: 1 } }
  return await acrossTenants(() =>
    store.models.templateSyncs.findOneAndUpdate(dueSync(now), update, { sort: { dueAt: 1 }, returnDocument: 'after' }).lean(),
  )
}

/** Writes the progress of a sync and renews its claim. @returns false when another process has taken it over */
export async function updateSync(
  store: Store,
  { _id, tenantId, attempts }: TemplateSyncDoc,
  changes: Partial<TemplateSyncDoc>,
  now: Date,
): Promise<boolean> {
  const { matchedCount } = await store.models.templateSyncs.updateOne(
    { _id, tenantId, attempts, status: 'RUNNING' },
    { $set: { heldUntil: heldUntil(now), ...changes } },
  )
  return matchedCount === 1
}

export const findSync = (store: Store, tenantId: Id | string, _id: string): Promise<TemplateSyncDoc | null> =>
  store.models.templateSyncs.findOne({ tenantId, _id }).lean()

const heldUntil = (now: Date) => new Date(now.getTime() + HELD_MS)
