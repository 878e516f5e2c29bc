import { setTimeout as sleep } from 'node:timers/promises'
import { Outage } from '#shared/domain/errors.ts'
import type { ItemOutcome } from '#shared/fold/verdict.ts'
import type { WebhookItem } from '#shared/meta/webhook.ts'
import type { Id } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { webhookLag, webhookProcessed, webhookUnknownNumber } from '#shared/process/metrics.ts'
import { createEventPublisher, type EventPublisher } from '#shared/queue/publish-events.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { LostRace } from '#shared/store/transaction.ts'
import { publishMediaJobs } from '../media/jobs.ts'
import { giveUp, ownersOf } from './give-up.ts'
import { createSharedRuns } from './group-commit.ts'
import { readItems } from './read-items.ts'
import { findMatchedItems, type Recorded, recordItems } from './record.ts'

export interface RecorderDeps {
  store: Store
  queue: Queue
  log: Logger
}

/** Items that a transaction takes more after each that succeeded. */
const PACE_STEP = 4
const SUSPICIOUS_BATCHES = 32
const HANDLER_MS = 20_000
const BATCH = { prefetch: 512, maxBatch: 256, lingerMs: 2 }
/** Waits between the tries of an item that fails alone: whatever failed may pass, and its conversation waits meanwhile. */
const TRY_AGAIN_MS = [50, 200, 500, 1000]

/** Consumes every webhook lane, this process's share of the shards; its life is told by the keeper's queue. */
export async function startRecorder(
  deps: RecorderDeps,
): Promise<AsyncDisposable & { isReady(): boolean; activeShards(): string[] }> {
  const { queue, store } = deps
  const events = createEventPublisher(deps)
  const record = createRecording({ ...deps, events, pace: newPace() })
  const consumer = await queue.consumeShards([...QUEUES.conversation, ...QUEUES.bulkStatus, QUEUES.account], record, {
    ...BATCH,
    membersQueue: QUEUES.dead,
    available: () => store.ping(),
  })
  return {
    ...consumer,
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await events.settled()
    },
  }
}

type Deps = RecorderDeps & {
  events: EventPublisher
  pace: Pace
}

/** Shared by the lanes of this process. */
export interface Pace {
  /** Items per transaction now. */
  size: number
  /** So many batches more are looked up before they are written: copies come in crowds. */
  suspicious: number
}

export const newPace = (): Pace => ({ size: BATCH.maxBatch, suspicious: 0 })

interface Work {
  item: WebhookItem
  delivery: Delivery
}

/** Lanes share transactions while they have little to say, which costs the database the least; each has its own in a crowd. */
const RUNS = { parallel: 4, crowd: 64, maxItems: BATCH.maxBatch }

/**
 * Every item of every delivery, in order, in one transaction if nothing is wrong with any of them. What cannot be stored ends
 * in the dead letters alone. It throws an Outage: the adapter waits in place with the same deliveries.
 */
export function createRecording(deps: Deps): (deliveries: Delivery[]) => Promise<Outcome[]> {
  const runs = createSharedRuns<Work>(work => recordWork(deps, work), RUNS)
  return async deliveries => {
    const read = deliveries.map(delivery => ({ delivery, items: readItems(delivery) }))
    await runs.add(read.flatMap(({ delivery, items }) => (items ?? []).map(item => ({ item, delivery }))))
    return read.map(({ items }) => (items === null ? { kind: 'dead-letter', reason: 'the body is not JSON' } : DONE))
  }
}

/**
 * In order, as many at once as the pace allows. The longer a transaction and the more conversations it touches, the surer it
 * loses against replies that are written meanwhile: after a lost race it takes half as many, and grows again by and by.
 */
async function recordWork(deps: Deps, work: Work[]): Promise<void> {
  const startedAt = performance.now()
  for (let at = 0; at < work.length; ) {
    // Again from the start, where what is done already costs one look: a handler that never ends would be taken for stuck.
    if (performance.now() - startedAt > HANDLER_MS) throw new Outage('others write the same conversations')
    const part = work.slice(at, at + deps.pace.size)
    try {
      await recordPart(deps, part)
      at += part.length
      deps.pace.size = Math.min(BATCH.maxBatch, deps.pace.size + PACE_STEP)
    } catch (error) {
      if (!(error instanceof LostRace)) throw error
      deps.pace.size = Math.max(1, Math.ceil(Math.min(deps.pace.size, part.length) / 2))
    }
  }
}

/** What fails for another reason is halved until the bad item stands alone: its neighbours are stored all the same, in their order. */
async function recordPart(deps: Deps, work: Work[]): Promise<void> {
  try {
    await recordAll(deps, work)
  } catch (error) {
    if (error instanceof Outage || error instanceof LostRace) throw error
    const [only] = work
    if (work.length === 1 && only !== undefined) return await recordAlone(deps, only, error)
    deps.log.warn({ err: error, size: work.length }, 'a batch failed and is halved')
    const middle = Math.ceil(work.length / 2)
    await recordPart(deps, work.slice(0, middle))
    await recordPart(deps, work.slice(middle))
  }
}

async function recordAll(deps: Deps, work: Work[]): Promise<void> {
  const { store, events, pace } = deps
  const traceparent = work[0]?.delivery.traceparent ?? null
  const items = work.map(({ item }) => item)
  const isSuspect = pace.suspicious > 0 || work.some(({ delivery }) => delivery.redelivered)
  const recorded = await recordItems(store, items, isSuspect)
  const { outcomes, tenantIds } = recorded
  const published = events.publish(recorded.events, traceparent)
  publishMediaJobs(deps, recorded.withMedia)
  const refused = work.flatMap((one, i) => (outcomes[i] === 'failed' ? { ...one, tenantId: tenantIds[i] as Id | null } : []))
  for (const one of refused) await giveUp(deps, one, 'the item cannot be read', null)
  count(work, outcomes)
  webhookUnknownNumber.inc(items.filter(({ phoneNumberId }, i) => phoneNumberId !== null && isUnowned(recorded, i)).length)
  pace.suspicious = outcomes.includes('duplicate') ? SUSPICIOUS_BATCHES : Math.max(0, pace.suspicious - 1)
  const matched = await findMatchedItems(store, recorded)
  if (matched.length > 0) await events.publish((await recordItems(store, matched, true)).events, traceparent)
  await published
}

/** Of several copies the first alone: the others end as duplicates. */
const isUnowned = ({ outcomes, tenantIds }: Recorded, i: number) => outcomes[i] === 'ignored' && tenantIds[i] === null

async function recordAlone(deps: Deps, work: Work, first: unknown): Promise<void> {
  let error = first
  for (const waitMs of TRY_AGAIN_MS) {
    await sleep(waitMs)
    try {
      return await recordAll(deps, [work])
    } catch (again) {
      if (again instanceof Outage) throw again
      error = again
    }
  }
  const [tenantId = null] = await ownersOf(deps.store, [work.item])
  await giveUp(deps, { ...work, tenantId }, 'storing it failed', error)
  count([work], ['failed'])
}

function count(work: Work[], outcomes: ItemOutcome[]): void {
  const now = Date.now()
  work.forEach(({ item }, i) => {
    webhookProcessed.inc({ kind: item.kind, outcome: outcomes[i] ?? 'processed' })
    webhookLag.observe(Math.max(0, now - item.receivedAt.getTime()) / 1000)
  })
}
