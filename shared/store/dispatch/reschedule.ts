import { asUpdate, DISPATCH_STATES, inState, inStates } from '../../domain/messages/dispatch.ts'
import type { ClientDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

const BATCH = 2000

/** What messages wait for that ends all at once. */
type LimitReason = 'rate' | 'quota' | 'spend'

/**
 * Makes rows due at once that wait for a limit which has been raised: their times were computed from the lower one. In batches,
 * the next due first; after a crash the remaining rows are due at their old times. @returns how many rows. @throws Outage
 */
export async function rescheduleLimited(
  store: Store,
  tenantId: Id,
  phoneNumberIds: readonly string[],
  now: Date,
  reason: LimitReason = 'rate',
): Promise<number> {
  let rescheduled = 0
  for (const phoneNumberId of phoneNumberIds) {
    const limited = { tenantId, phoneNumberId, 'dispatch.reason': reason }
    for (let found = BATCH; found === BATCH; rescheduled += found) found = await rescheduleSome(store, limited, now)
  }
  return rescheduled
}

async function rescheduleSome(
  store: Store,
  limited: { tenantId: Id; phoneNumberId: string; 'dispatch.reason': LimitReason },
  now: Date,
): Promise<number> {
  const filter = { ...inState('WAITING'), 'dispatch.nextStepAt': { $gt: now }, ...limited }
  const rows = store.raw.messages.find(filter, { projection: { _id: 1 }, hint: 'dispatch_due' })
  const ids = (await orOutage(rows.sort({ 'dispatch.nextStepAt': 1 }).limit(BATCH).toArray())).map(({ _id }) => _id)
  if (ids.length > 0)
    await orOutage(
      store.raw.messages.updateMany({ ...filter, _id: { $in: ids } }, { $set: asUpdate({ nextStepAt: now }) }, { hint: '_id_' }),
    )
  return ids.length
}

/** Gives messages that are still to be sent the present id of their number at Meta, by which its limits and sweeps find them. */
export async function giveUnsentPresentId(
  store: Store,
  { tenantId, _id: clientId, phoneNumberId, formerPhoneNumberIds = [] }: ClientDoc,
): Promise<void> {
  const waiting = { ...inStates(...DISPATCH_STATES), phoneNumberId: { $in: formerPhoneNumberIds }, tenantId, clientId }
  await orOutage(store.raw.messages.updateMany(waiting, { $set: { phoneNumberId } }, { hint: 'dispatch_due' }))
}
