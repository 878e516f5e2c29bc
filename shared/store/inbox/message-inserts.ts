import { ApiError } from '../../domain/errors.ts'
import type { MessageDoc } from '../../model/documents.ts'
import { createSharedRuns, type SharedRuns } from '../../process/group-commit.ts'
import type { Store } from '../connect.ts'
import { writeErrorsOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { perStore } from '../per-store.ts'

const DURABLE = { ordered: false, writeConcern: { w: 'majority', j: true } } as const
/** What arrives while an insert is under way goes with the next one; a second one starts beside it for a crowd only. */
const RUNS = { parallel: 2, minParallelItems: 50, maxItems: 200 }
/** Messages that wait for their insert: at more the database cannot follow, and a caller learns it early. */
const MOST_WAITING = 500
const RETRY_AFTER_S = 2

interface Insert {
  message: MessageDoc
  /** Why this message alone was refused. */
  error?: unknown
}

interface Inserts {
  runs: SharedRuns<Insert>
  waiting: number
}

const insertsOf = perStore<Inserts, Store>(store => ({
  runs: createSharedRuns<Insert>(group => orOutage(insertGroup(store, group)), RUNS),
  waiting: 0,
}))

/**
 * Stores a message durably, in one command with others that are accepted at the same moment.
 * @throws ApiError 503 OVERLOADED with Retry-After; a duplicate key (see isDuplicateKey); Outage
 */
export async function insertAccepted(store: Store, message: MessageDoc): Promise<void> {
  const inserts = insertsOf(store)
  if (inserts.waiting >= MOST_WAITING) throw overloaded()
  const insert: Insert = { message }
  inserts.waiting++
  try {
    await inserts.runs.add([insert])
  } finally {
    inserts.waiting--
  }
  if (insert.error !== undefined) throw insert.error
}

const overloaded = () =>
  new ApiError(503, 'OVERLOADED', 'Messages arrive faster than they can be stored. Try again in a moment.', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  })

/** A message that a unique index refuses takes nothing from the others. */
async function insertGroup({ raw }: Store, group: Insert[]): Promise<void> {
  try {
    await raw.messages.insertMany(
      group.map(({ message }) => message),
      DURABLE,
    )
  } catch (error) {
    const refused = writeErrorsOf(error)
    if (refused.length === 0) throw error
    for (const one of refused) {
      const insert = group[one.index]
      if (insert) insert.error = one
    }
  }
}
