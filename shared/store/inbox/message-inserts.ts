import type { MessageDoc } from '../../model/documents.ts'
import { createSharedRuns } from '../../process/group-commit.ts'
import type { Store } from '../connect.ts'
import { writeErrorsOf } from '../errors.ts'
import { orOutage } from '../outage.ts'
import { perStore } from '../per-store.ts'
import { refuseOverload } from './overload.ts'

const DURABLE = { ordered: false, writeConcern: { w: 'majority', j: true } } as const
/** What arrives while an insert is under way goes with the next one; a second one starts beside it for a crowd only. */
const RUNS = { parallel: 2, minParallelItems: 50, maxItems: 200, gatherMs: 0 }

interface Insert {
  message: MessageDoc
  /** Why this message alone was refused. */
  error?: unknown
}

const insertsOf = perStore((store: Store) => createSharedRuns<Insert>(group => orOutage(insertGroup(store, group)), RUNS))

/**
 * Stores a message durably, in one command with others that are accepted at the same moment.
 * @throws ApiError 503 OVERLOADED with Retry-After; a duplicate key (see isDuplicateKey); Outage
 */
export async function insertAccepted(store: Store, message: MessageDoc): Promise<void> {
  const inserts = insertsOf(store)
  refuseOverload(inserts.size())
  const insert: Insert = { message }
  await inserts.add([insert])
  if (insert.error !== undefined) throw insert.error
}

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
