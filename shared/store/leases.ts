import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineStage } from 'mongoose'
import type { Logger } from '../process/logger.ts'
import { type Store, trusted } from './connect.ts'
import { isDuplicateKey } from './errors.ts'

/**
 * Takes a lease if it is free, or renews it. A lease has one holder at a time. MongoDB's clock decides, so a process with a wrong
 * clock neither keeps a lease too long nor takes one too early. @returns whether `owner` holds it now, for `ttlMs`
 */
export async function acquireLease(store: Store, name: string, owner: string, ttlMs: number): Promise<boolean> {
  try {
    const row = await store.models.leases
      .findOneAndUpdate({ _id: name }, takeIfFree(owner, ttlMs), { upsert: true, updatePipeline: true, returnDocument: 'after' })
      .lean()
    return row?.owner === owner
  } catch (error) {
    // Another process created the row at the same moment and holds the lease.
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** Frees the lease before it runs out, if `owner` still holds it. */
export async function releaseLease(store: Store, name: string, owner: string): Promise<void> {
  await store.models.leases.deleteOne({ _id: name, owner })
}

/** The attempt to hold a lease, repeated until disposed of. */
export interface HeldLease extends AsyncDisposable {
  /** Whether this process holds the lease. False as soon as it may have run out, also while MongoDB is unavailable. */
  isHeld(): boolean
}

/** Takes or renews the lease every third of `ttlMs`, so that one failure does not lose it. */
export async function holdLease(
  store: Store,
  options: { name: string; owner: string; ttlMs: number; log?: Logger },
): Promise<HeldLease> {
  const { name, owner, ttlMs } = options
  let heldUntil = 0
  async function attempt(): Promise<void> {
    const startedAt = performance.now()
    try {
      heldUntil = (await acquireLease(store, name, owner, ttlMs)) ? startedAt + ttlMs : 0
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

const POLL_MS = 200

/** Runs `work` while holding a lease, after waiting for its present holder. Work that takes longer than `ttlMs` keeps it. */
export async function withLease<T>(
  store: Store,
  { name, ttlMs, owner = randomUUID() }: { name: string; ttlMs: number; owner?: string },
  work: () => Promise<T>,
): Promise<T> {
  while (!(await acquireLease(store, name, owner, ttlMs))) await sleep(POLL_MS)
  await using _held = await holdLease(store, { name, owner, ttlMs })
  return await work()
}

/** Writes a heartbeat of the process `owner` of this kind. @param ttlMs time without a heartbeat after which it counts as dead */
export async function beat(store: Store, kind: string, owner: string, ttlMs = 6000): Promise<void> {
  await store.models.leases.updateOne({ _id: `${kind}:${owner}` }, until(owner, ttlMs), { upsert: true, updatePipeline: true })
}

/** Removes the heartbeat of a process that stops, so that it counts as ended at once. */
export async function endBeat(store: Store, kind: string, owner: string): Promise<void> {
  await store.models.leases.deleteOne({ _id: `${kind}:${owner}` })
}

/** Owners of a kind whose heartbeat has not run out, by MongoDB's clock; one that also holds a lease of that kind counts once. */
export async function liveOwners(store: Store, kind: string): Promise<string[]> {
  const rows = await store.models.leases
    .find({ _id: trusted({ $gt: `${kind}:`, $lt: `${kind};` }), $expr: trusted({ $gt: ['$until', '$$NOW'] }) })
    .lean()
  return [...new Set(rows.map(row => row.owner))]
}

const until = (owner: string, ttlMs: number): PipelineStage.Set[] => [
  { $set: { owner: { $literal: owner }, until: { $add: ['$$NOW', ttlMs] } } },
]

/** A new row has no `until`; MongoDB orders a missing value before every date, so the lease is free. */
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
