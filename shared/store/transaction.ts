import { setTimeout as wait } from 'node:timers/promises'
import type { ClientSession, mongo } from 'mongoose'
import { Outage } from '../domain/errors.ts'

/** The transaction that a statement belongs to. */
export type Session = ClientSession

const MAX_ATTEMPTS = 1000
/** The others are at work, and finish: nothing is wrong with waiting for them. */
const CONFLICT_MS = 15_000
/** Another writer was first, as often as the caller wanted to try. Nothing was written. */
export class LostRace extends Error {
  override readonly name = 'LostRace'
}
const MAX_COMMITS = 5
/** A statement that got no answer looks like a conflict too: it is not waited for over and over. */
const NO_REPEAT_AFTER_MS = 5000
const OPTIONS: mongo.TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', j: true },
  readPreference: 'primary',
}

/**
 * Runs `work` in one transaction and repeats it when another writer was first (for at most 15 s, then it
 * is an Outage: try later) — bounded, unlike the driver's two minutes. All its queries must pass `session`, and it must be
 * repeatable: no network call inside. A duplicate key has aborted the transaction already and comes out at once.
 * @param attempts for a caller that would rather do something else than go on losing: then a LostRace comes out.
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
    // The cause is what counts; an abort that fails is finished by the server's own limit.
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined)
    throw error
  }
  await commit(session)
  return result
}

/** A commit whose outcome is unknown may be sent again: the server answers alike. */
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

/** Doubling from 2 ms to 64 ms, all of it jittered: two that collided must not collide again. */
function backoffMs(attempt: number): number {
  return 1 + Math.random() * Math.min(2 ** attempt, 64)
}

function hasLabel(error: unknown, label: string): boolean {
  const labels = (error as { errorLabelSet?: Set<string> } | null)?.errorLabelSet
  return error instanceof Error && labels?.has(label) === true
}

const exceededTime = (error: unknown) => (error as { code?: unknown }).code === 50
const isConflict = (error: unknown) => (error as { code?: unknown }).code === 112
