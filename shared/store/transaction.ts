import { setTimeout as wait } from 'node:timers/promises'
import type { ClientSession, mongo } from 'mongoose'
import { Outage } from '../domain/errors.ts'

/** The transaction that a statement belongs to. */
export type Session = ClientSession

/** What is written together with a deed, such as its audit entry: in the deed's transaction, so that both are stored or neither. */
export type Alongside<T> = (done: T, session: ClientSession) => Promise<void>

const MAX_ATTEMPTS = 1000
/** Time for which a transaction is repeated on conflicts with other writers. */
const CONFLICT_MS = 15_000
/** Another writer was first in every attempt that the caller allowed. Nothing was written. */
export class LostRace extends Error {
  override readonly name = 'LostRace'
}
const MAX_COMMITS = 5
/** After this time a statement without an answer, which also counts as transient, is not repeated. */
const NO_REPEAT_AFTER_MS = 5000
const OPTIONS: mongo.TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', j: true },
  readPreference: 'primary',
}

/**
 * Runs `work` in one transaction, and repeats it when another writer was first, for at most 15 s instead of the driver's two
 * minutes; then it throws Outage. All queries of `work` must pass `session`, and `work` must be repeatable: no network call
 * inside. A duplicate key aborts the transaction and is thrown at once.
 * @param attempts bound for callers that have an alternative: after so many conflicts LostRace is thrown
 */
export async function inTransaction<T>(
  startSession: () => Promise<ClientSession>,
  work: (session: ClientSession) => Promise<T>,
  attempts = MAX_ATTEMPTS,
): Promise<T> {
  const session = await startSession()
  const started = performance.now()
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce(session, work)
      } catch (error) {
        if (!hasLabel(error, 'TransientTransactionError')) throw error
        if (attempt === attempts && attempts < MAX_ATTEMPTS && isConflict(error))
          throw new LostRace('another writer was first', { cause: error })
        const patienceMs = isConflict(error) ? CONFLICT_MS : NO_REPEAT_AFTER_MS
        const isOver = attempt >= attempts || performance.now() - started > patienceMs
        if (isOver) throw new Outage('another writer was always first', { cause: error })
      }
      await wait(backoffMs(attempt))
    }
  } finally {
    await session.endSession()
  }
}

async function attemptOnce<T>(session: ClientSession, work: (session: ClientSession) => Promise<T>): Promise<T> {
  session.startTransaction(OPTIONS)
  let result: T
  try {
    result = await work(session)
  } catch (error) {
    // An error of the abort is ignored: the original one matters, and the server ends the transaction by its own time limit.
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined)
    throw error
  }
  await commit(session)
  return result
}

/** Commits, repeated while the outcome is unknown: a repeated commit has the same result. */
async function commit(session: ClientSession): Promise<void> {
  const started = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      await session.commitTransaction()
      return
    } catch (error) {
      const isOver = attempt === MAX_COMMITS || performance.now() - started > NO_REPEAT_AFTER_MS
      if (isOver || !hasLabel(error, 'UnknownTransactionCommitResult') || exceededTime(error)) throw error
    }
    await wait(backoffMs(attempt))
  }
}

/**
 * A random wait of at least 1 ms and at most 3 ms, doubling to 65 ms by attempt: writers that collided must not collide again.
 */
function backoffMs(attempt: number): number {
  return 1 + Math.random() * Math.min(2 ** attempt, 64)
}

function hasLabel(error: unknown, label: string): boolean {
  const labels = (error as { errorLabelSet?: Set<string> } | null)?.errorLabelSet
  return error instanceof Error && labels?.has(label) === true
}

const exceededTime = (error: unknown) => (error as { code?: unknown }).code === 50
const isConflict = (error: unknown) => (error as { code?: unknown }).code === 112
