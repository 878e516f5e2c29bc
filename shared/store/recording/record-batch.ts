import type { BatchKeys, Loaded, Plan } from '../../model/batch-plan.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { countTemplateUses } from '../templates/uses.ts'
import { loadBatch } from './load.ts'
import { writeBatch } from './write.ts'

const MAX_ROUNDS = 6
const TRIES_OF_A_LARGE_BATCH = 2
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
export async function recordBatch<T extends { plan: Plan }>(
  store: Store,
  keys: BatchKeys,
  fold: (loaded: Loaded, now: Date) => T,
  { isLarge, isSuspect }: RecordOptions,
): Promise<T> {
  const options = isLarge ? { attempts: TRIES_OF_A_LARGE_BATCH } : {}
  for (let round = 1; ; round++) {
    try {
      const folded = await store.transaction(async session => {
        const now = new Date()
        const folded = fold(await loadBatch(store.raw, keys, session, isSuspect || round > 1), now)
        await writeBatch(store.raw, folded.plan, now, session)
        return folded
      }, options)
      await orOutage(countTemplateUses(store, folded.plan.templateUses))
      return folded
    } catch (error) {
      if (round === MAX_ROUNDS || !isDuplicateKey(error)) throw error
    }
  }
}
