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
  /** A smaller batch would have a better chance: conflicts then come out as LostRace after a few tries. */
  isLarge: boolean
  /** Some of it may be here already, and is looked for beforehand. */
  isSuspect: boolean
}

/**
 * One batch in one transaction: reads what it names, lets `fold` decide, writes what follows. Another writer that was first
 * (a duplicate key, a conflict) sends the whole batch round again, from the reads; `fold` must be repeatable.
 * @throws Outage when MongoDB is away
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
