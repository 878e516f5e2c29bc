import type { PipelineStage } from 'mongoose'
import type { Logger } from '../process/logger.ts'
import { type Store, trusted } from './connect.ts'
import { isDuplicateKey } from './errors.ts'

/**
 * One holder at a time, on the server's clock: a process with a wrong one neither keeps a lease too long nor takes one too
 * early. Also renews. @returns whether `owner` holds it now, for `ttlMs`
 */
export async function acquireLease(store: Store, name: string, owner: string, ttlMs: number): Promise<boolean> {
  try {
    const row = await store.models.leases
      .findOneAndUpdate({ _id: name }, takeIfFree(owner, ttlMs), { upsert: true, updatePipeline: true, returnDocument: 'after' })
      .lean()
    return row?.owner === owner
  } catch (error) {
    // Two met while the row was made: the other one has it.
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** Gives it up early, if it is still the owner's. */
export async function releaseLease(store: Store, name: string, owner: string): Promise<void> {
  await store.models.leases.deleteOne({ _id: name, owner })
}

/** A lease that is tried for, and renewed while held, until it is disposed of. */
export interface HeldLease extends AsyncDisposable {
  /** False as soon as it may have run out, also while MongoDB is away. */
  isHeld(): boolean
}

/** Tries every third of `ttlMs`; one failure therefore does not lose the lease. */
export async function holdLease(
  store: Store,
  options: { name: string; owner: string; ttlMs: number; log?: Logger },
): Promise<HeldLease> {
  const { name, owner, ttlMs } = options
  let heldUntil = 0
  async function attempt(): Promise<void> {
    const asked = performance.now()
    try {
      heldUntil = (await acquireLease(store, name, owner, ttlMs)) ? asked + ttlMs : 0
    } catch (error) {
      options.log?.warn({ err: error, lease: name }, 'lease not renewed')
    }
  }
  let running = attempt()
  await running
  const timer = setInterval(() => {
    running = running.then(attempt)
  }, ttlMs / 3)
  timer.unref()
  return {
    isHeld: () => performance.now() < heldUntil,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
      heldUntil = 0
      await releaseLease(store, name, owner).catch(() => undefined)
    },
  }
}

/** "I live": a row of its own for each process of a kind. @param ttlMs three missed beats */
export async function beat(store: Store, kind: string, owner: string, ttlMs = 6000): Promise<void> {
  await store.models.leases.updateOne({ _id: `${kind}:${owner}` }, until(owner, ttlMs), { upsert: true, updatePipeline: true })
}

/** At a stop: nobody has to wait for the beats to be missed. */
export async function endBeat(store: Store, kind: string, owner: string): Promise<void> {
  await store.models.leases.deleteOne({ _id: `${kind}:${owner}` })
}

/** Processes of a kind whose beat is fresh, by the server's clock. */
export async function liveOwners(store: Store, kind: string): Promise<string[]> {
  const rows = await store.models.leases
    .find({ _id: trusted({ $gt: `${kind}:`, $lt: `${kind};` }), $expr: trusted({ $gt: ['$until', '$$NOW'] }) })
    .lean()
  return rows.map(row => row.owner)
}

const until = (owner: string, ttlMs: number): PipelineStage.Set[] => [
  { $set: { owner: { $literal: owner }, until: { $add: ['$$NOW', ttlMs] } } },
]

/** A row that is not there yet has no `until`, which is less than any time. */
function takeIfFree(owner: string, ttlMs: number): PipelineStage.Set[] {
  const free = { $or: [{ $eq: ['$owner', { $literal: owner }] }, { $lte: ['$until', '$$NOW'] }] }
  return [
    {
      $set: {
        owner: { $cond: [free, { $literal: owner }, '$owner'] },
        until: { $cond: [free, { $add: ['$$NOW', ttlMs] }, '$until'] },
      },
    },
  ]
}
