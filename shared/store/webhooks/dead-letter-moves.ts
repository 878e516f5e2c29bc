import { randomUUID } from 'node:crypto'
import type { DeadLetterStep, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'

/**
 * NEW → REPLAYING → REPLAYED | NEW, or NEW → DISCARDED. A letter leaves NEW before its message goes out: should the message
 * die again at once, it finds no letter of its own still open and becomes a new one. All of it throws Outage.
 */

/** Whoever held a claim for longer has died over it. */
export const CLAIM_MS = 60_000

export interface Actor {
  id: Id
  name: string
  at: Date
}

/** Which letters: by their own ids, or those of webhook events. Whose they are the caller has looked up. */
export type DeadLetterKeys = { _id: { $in: Id[] } } | { messageId: { $in: string[] }; type: string }

/** A claim on those that are open and that nobody else has in hand. */
export async function claimDeadLetters(
  store: Store,
  keys: DeadLetterKeys,
  { id, at }: Actor,
): Promise<{ claim: string; ids: Id[] }> {
  const claim = randomUUID()
  const $set = { state: 'REPLAYING' as const, claim, settledAt: at, settledBy: id }
  await orOutage(store.raw.deadLetters.updateMany({ ...keys, ...isFree(at) }, { $set }))
  const rows = await orOutage(store.raw.deadLetters.find({ ...keys, claim }, { projection: { _id: 1 } }).toArray())
  return { claim, ids: rows.map(({ _id }) => _id) }
}

const isFree = (now: Date) => ({
  $or: [{ state: 'NEW' as const }, { state: 'REPLAYING' as const, settledAt: { $lte: new Date(now.getTime() - CLAIM_MS) } }],
})

/** Their messages are on their way; `edit` is what went out instead of the payload. */
export async function settleReplayed(
  store: Store,
  { claim, ids, by, edit }: { claim: string; ids: Id[]; by: Actor; edit?: { payload: string; original: string } | undefined },
): Promise<void> {
  const $push = push(by, 'replayed', edit ? 'with an edited payload' : null)
  const $set = { state: 'REPLAYED' as const, claim: null, ...(edit && { ...edit, isEdited: true }) }
  if (ids.length > 0) await orOutage(store.raw.deadLetters.updateMany({ _id: { $in: ids }, claim }, { $set, $push }))
}

/** The broker did not take them: they stand as before. */
export async function returnDeadLetters(
  store: Store,
  { claim, ids, by }: { claim: string; ids: Id[]; by: Actor },
): Promise<void> {
  for (const _id of ids) {
    const open = { state: 'NEW' as const, claim: null, settledAt: null, settledBy: null }
    const update = { $set: open, $push: push(by, 'returned', 'the broker did not take it') }
    await orOutage(store.raw.deadLetters.updateOne({ _id, claim }, update)).catch(async error => {
      // Another letter of the same message is open already: that one stands for both.
      if (!isDuplicateKey(error)) throw error
      await settleReplayed(store, { claim, ids: [_id], by })
    })
  }
}

/** Ends open letters for good. @returns those that it ended */
export async function discardDeadLetters(store: Store, ids: Id[], by: Actor, reason: string): Promise<Id[]> {
  const claim = randomUUID()
  const keys = { _id: { $in: ids } }
  const update = {
    $set: { state: 'DISCARDED' as const, claim, settledAt: by.at, settledBy: by.id },
    $push: push(by, 'discarded', reason),
  }
  await orOutage(store.raw.deadLetters.updateMany({ ...keys, ...isFree(by.at) }, update))
  const rows = store.raw.deadLetters.find({ ...keys, claim }, { projection: { _id: 1 } })
  return (await orOutage(rows.toArray())).map(({ _id }) => _id)
}

/** Open letters by the queue they came from. */
export async function countOpenDeadLetters(store: Store): Promise<Map<string, number>> {
  const stages = [{ $match: { state: { $in: ['NEW', 'REPLAYING'] } } }, { $group: { _id: '$queue', count: { $sum: 1 } } }]
  const rows = await orOutage(store.raw.deadLetters.aggregate<{ _id: string; count: number }>(stages).toArray())
  return new Map(rows.map(({ _id, count }) => [_id, count]))
}

/** What a person does over and over is cut: the audit log has it all. */
const KEPT_STEPS = 50
const push = ({ id: by, name, at }: Actor, action: DeadLetterStep['action'], detail: string | null) => ({
  history: { $each: [{ at, action, by, name, detail }], $slice: -KEPT_STEPS },
})
