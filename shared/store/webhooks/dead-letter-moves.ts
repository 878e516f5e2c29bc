import { randomUUID } from 'node:crypto'
import type { mongo } from 'mongoose'
import type { DeadLetterDoc, DeadLetterStep, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'
import type { Alongside } from '../transaction.ts'

/**
 * The states of a dead letter: NEW → REPLAYING → REPLAYED | NEW, or NEW → DISCARDED. A dead letter leaves NEW before its message
 * is published: if the message fails again at once, no open dead letter of it exists and a new one is stored. Every function
 * throws Outage.
 */

/** Duration of a claim: a process that held it longer has crashed. */
export const CLAIM_MS = 60_000

export interface Actor {
  id: Id
  name: string
  at: Date
}

/** Selects dead letters by their ids, or by the ids of webhook events. The caller has checked their tenant. */
export type DeadLetterKeys = { _id: { $in: Id[] } } | { messageId: { $in: string[] }; type: string }

/**
 * Claims the selected dead letters that are NEW, or whose claim has expired. @returns the claim and the claimed ids
 * @param alongside gets the claimed ids
 */
export async function claimDeadLetters(
  store: Store,
  keys: DeadLetterKeys,
  { id, at }: Actor,
  alongside?: Alongside<Id[]>,
): Promise<{ claim: string; ids: Id[] }> {
  const claim = randomUUID()
  const $set = { state: 'REPLAYING' as const, claim, settledAt: at, settledBy: id }
  return { claim, ids: await moveFree(store, { keys, at, update: { $set } }, alongside) }
}

/** Moves those that are free, and what belongs to it, in one transaction. @returns the ids that were moved */
async function moveFree(
  { raw, transaction }: Store,
  {
    keys,
    at,
    update,
  }: { keys: DeadLetterKeys; at: Date; update: mongo.UpdateFilter<DeadLetterDoc> & { $set: { claim: string } } },
  alongside?: Alongside<Id[]>,
): Promise<Id[]> {
  const { claim } = update.$set
  return await transaction(async session => {
    await raw.deadLetters.updateMany({ ...keys, ...isFree(at) }, update, { session })
    const rows = await raw.deadLetters.find({ ...keys, claim }, { session, projection: { _id: 1 } }).toArray()
    const ids = rows.map(({ _id }) => _id)
    await alongside?.(ids, session)
    return ids
  })
}

const isFree = (now: Date) => ({
  $or: [{ state: 'NEW' as const }, { state: 'REPLAYING' as const, settledAt: { $lte: new Date(now.getTime() - CLAIM_MS) } }],
})

/** Marks claimed dead letters as REPLAYED. @param options.edit the edited payload that was published, and the original one */
export async function settleReplayed(
  store: Store,
  options: { claim: string; ids: Id[]; by: Actor; edit?: { payload: string; original: string } | undefined },
): Promise<void> {
  const { claim, ids, by, edit } = options
  const $push = push(by, 'replayed', edit ? 'with an edited payload' : null)
  const $set = { state: 'REPLAYED' as const, claim: null, ...(edit && { ...edit, isEdited: true }) }
  if (ids.length > 0) await orOutage(store.raw.deadLetters.updateMany({ _id: { $in: ids }, claim }, { $set, $push }))
}

/** Makes claimed dead letters NEW again, because the broker did not accept their messages. */
export async function returnDeadLetters<T extends { _id: Id }>(
  store: Store,
  { claim, deadLetters, by }: { claim: string; deadLetters: readonly T[]; by: Actor },
  alongside?: Alongside<T[]>,
): Promise<void> {
  for (const deadLetter of deadLetters) {
    const { _id } = deadLetter
    const open = { state: 'NEW' as const, claim: null, settledAt: null, settledBy: null }
    const update = { $set: open, $push: push(by, 'returned', 'the broker did not accept it') }
    const returned = store.transaction(async session => {
      await store.raw.deadLetters.updateOne({ _id, claim }, update, { session })
      await alongside?.([deadLetter], session)
    })
    await returned.catch(async error => {
      // The message already has another open dead letter, which replaces this one.
      if (!isDuplicateKey(error)) throw error
      await settleReplayed(store, { claim, ids: [_id], by })
    })
  }
}

/** Discards the open ones of the given dead letters. @returns the discarded ids */
export async function discardDeadLetters(
  store: Store,
  ids: Id[],
  by: Actor,
  reason: string,
  alongside?: Alongside<Id[]>,
): Promise<Id[]> {
  const claim = randomUUID()
  const update = {
    $set: { state: 'DISCARDED' as const, claim, settledAt: by.at, settledBy: by.id },
    $push: push(by, 'discarded', reason),
  }
  return await moveFree(store, { keys: { _id: { $in: ids } }, at: by.at, update }, alongside)
}

/** Number of open dead letters by their work queue. */
export async function countOpenDeadLetters(store: Store): Promise<Map<string, number>> {
  const stages = [{ $match: { state: { $in: ['NEW', 'REPLAYING'] } } }, { $group: { _id: '$queue', count: { $sum: 1 } } }]
  const rows = await orOutage(store.raw.deadLetters.aggregate<{ _id: string; count: number }>(stages).toArray())
  return new Map(rows.map(({ _id, count }) => [_id, count]))
}

/** Steps that a dead letter keeps in its history; the audit log keeps all. */
const KEPT_STEPS = 50
const push = ({ id: by, name, at }: Actor, action: DeadLetterStep['action'], detail: string | null) => ({
  history: { $each: [{ at, action, by, name, detail }], $slice: -KEPT_STEPS },
})
