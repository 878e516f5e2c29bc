import type { BatchKeys, Loaded, Plan } from '../../model/batch-plan.ts'
import type { ParkedItemDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { isSingleMember } from '../single-member.ts'
import { countTemplateUses } from '../templates/uses.ts'
import { loadBatch } from './load.ts'
import { findMatched } from './matched-items.ts'
import { writeInTransaction } from './write.ts'
import { stateOf, writePlain } from './write-plain.ts'

const MAX_ROUNDS = 6
const TRIES_OF_A_LARGE_BATCH = 2

/** What a fold makes of the loaded documents. */
export interface FoldedBatch {
  plan: Plan
  /** Nothing may be written: the documents must be loaded thoroughly and folded again. */
  needsThorough: boolean
}

/** What was recorded, and the parked items whose messages are stored now: they are to be recorded again. */
export type RecordedBatch<T> = T & { matched: ParkedItemDoc[] }

export interface PlainOptions<T> {
  /** Some items may be recorded already: the first round looks for them. */
  isSuspect: boolean
  /** Called when the events of a round are stored, and all that they tell; the items are not marked as recorded yet. */
  onStored(folded: T): void
}

/**
 * Records a batch without a transaction: reads the documents that it names, calls `fold`, and writes its plan over the very
 * documents that were read. When another writer was first, the batch is read and folded again, so `fold` must be repeatable.
 * @param fold null for a batch that needs a transaction
 * @returns null when the batch needs a transaction, or when others were first in every round @throws Outage
 */
export async function recordPlainBatch<T extends FoldedBatch>(
  store: Store,
  keys: BatchKeys,
  fold: (loaded: Loaded, now: Date) => T | null,
  { isSuspect, onStored }: PlainOptions<T>,
): Promise<RecordedBatch<T> | null> {
  const written: Plan[] = []
  const isJournalled = await orOutage(isSingleMember(store))
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const now = new Date()
    const loaded = await orOutage(loadBatch(store, keys, { isThorough: isSuspect || round > 1 }))
    const before = stateOf(loaded)
    const folded = fold(loaded, now)
    if (folded === null) return null
    if (folded.needsThorough) continue
    // Parked items are looked for beside the last step: their messages are stored before it.
    let matched: ParkedItemDoc[] = []
    const beside = async () => {
      onStored(folded)
      matched = await findMatched(store, keys, folded.plan.parked)
    }
    const isWritten = await orOutage(writePlain(store.raw, folded.plan, { before, now, isJournalled, beside }))
    written.push(folded.plan)
    if (!isWritten) continue
    await orOutage(countTemplateUses(store, folded.plan.templateUses))
    return { ...folded, plan: together(folded.plan, written), matched }
  }
  return null
}

/** The last plan of several rounds, with the events and messages that earlier ones may have stored. */
function together(last: Plan, plans: Plan[]): Plan {
  if (plans.length === 1) return last
  const events = new Map(plans.flatMap(plan => plan.events).map(event => [event._id, event]))
  const inserts = new Map(plans.flatMap(({ messages }) => messages.inserts).map(message => [message.wamid, message]))
  return { ...last, events: [...events.values()], messages: { ...last.messages, inserts: [...inserts.values()] } }
}

export interface RecordOptions {
  /** The caller can split the batch: after two conflicts LostRace is thrown instead of further tries. */
  isLarge: boolean
  /** Some items may be recorded already: the first round looks for them. */
  isSuspect: boolean
}

/**
 * Records one batch in one transaction: reads the documents that it names, calls `fold`, and writes its plan. When another writer
 * was first (a duplicate key, a conflict) the whole batch is repeated from the reads, so `fold` must be repeatable.
 * @throws Outage, LostRace for a large batch
 */
export async function recordInTransaction<T extends FoldedBatch>(
  store: Store,
  keys: BatchKeys,
  fold: (loaded: Loaded, now: Date) => T,
  { isLarge, isSuspect }: RecordOptions,
): Promise<RecordedBatch<T>> {
  const options = isLarge ? { attempts: TRIES_OF_A_LARGE_BATCH } : {}
  for (let round = 1; ; round++) {
    try {
      const folded = await store.transaction(async session => {
        const now = new Date()
        const folded = await foldThoroughly(store, keys, fold, { isThorough: isSuspect || round > 1, session, now })
        await writeInTransaction(store.raw, folded.plan, now, session)
        return folded
      }, options)
      await orOutage(countTemplateUses(store, folded.plan.templateUses))
      return { ...folded, matched: await findMatched(store, keys, folded.plan.parked) }
    } catch (error) {
      if (round === MAX_ROUNDS || !isDuplicateKey(error)) throw error
    }
  }
}

/** Folds, and once more after a thorough load where the first shows the need. */
async function foldThoroughly<T extends FoldedBatch>(
  store: Store,
  keys: BatchKeys,
  fold: (loaded: Loaded, now: Date) => T,
  { now, isThorough, session }: { now: Date } & Parameters<typeof loadBatch>[2],
): Promise<T> {
  const options = session ? { session } : {}
  const folded = fold(await loadBatch(store, keys, { ...options, isThorough }), now)
  if (isThorough || !folded.needsThorough) return folded
  return fold(await loadBatch(store, keys, { ...options, isThorough: true }), now)
}
