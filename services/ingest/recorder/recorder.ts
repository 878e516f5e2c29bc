import { setTimeout as sleep } from 'node:timers/promises'
import { Outage } from '#shared/domain/errors.ts'
import type { FoldItem } from '#shared/fold/batch.ts'
import type { ItemOutcome } from '#shared/fold/verdict.ts'
import type { EventDoc, Id } from '#shared/model/documents.ts'
import { createSharedRuns } from '#shared/process/group-commit.ts'
import type { Logger } from '#shared/process/logger.ts'
import { webhookLag, webhookProcessed, webhookUnknownNumber } from '#shared/process/metrics.ts'
import { spanOf, spans } from '#shared/process/spans/spans.ts'
import { createEventPublisher, type EventPublisher } from '#shared/queue/publish-events.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { clearProjected, postponeProjection } from '#shared/store/recording/projection-marks.ts'
import { LostRace } from '#shared/store/transaction.ts'
import { publishMediaJobs } from '../media/jobs.ts'
import { giveUp, ownersOf } from './give-up.ts'
import { readItems } from './read-items.ts'
import { findUnpublished, isWebhook, type Recorded, recordItems } from './record.ts'

export interface RecorderDeps {
  store: Store
  queue: Queue
  log: Logger
}

/** Growth of a transaction, in items, after each that succeeded. */
const SIZE_STEP = 4
/** Batches that are looked up before they are written after a duplicate was found: duplicates come in bursts. */
const SUSPECT_BATCHES = 32
/** A handler that takes longer ends with an Outage, so that its deliveries are handled again from the start. */
const HANDLER_MS = 20_000
/** Statuses and messages of ours wait for others for a moment: the batch costs nearly the same. Customers' messages do not. */
const BATCH = { prefetch: 512, maxBatch: 256, lingerMs: 0, patienceMs: 250 }
/** Waits between attempts to record a single item that fails; the items after it wait meanwhile. */
const RETRY_MS = [50, 200, 500, 1000]

/** Consumes this process's share of the webhook shard queues. Processes are counted by the consumers of the dead-letter queue. */
export async function startRecorder(
  deps: RecorderDeps,
): Promise<AsyncDisposable & { isReady(): boolean; activeShards(): string[] }> {
  const { queue, store } = deps
  const events = createEventPublisher(deps)
  const record = createRecording({ ...deps, events, pace: newPace() })
  const consumer = await queue.consumeShards([...QUEUES.conversation, ...QUEUES.bulkStatus, QUEUES.account], record, {
    ...BATCH,
    membersQueue: QUEUES.dead,
    available: () => store.takesWrites(),
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

/** State that the shard queues of this process share. */
export interface Pace {
  /** Current maximum of items in a transaction. */
  size: number
  /** Further batches that are looked up for duplicates before they are written. */
  suspectBatches: number
}

export const newPace = (): Pace => ({ size: BATCH.maxBatch, suspectBatches: 0 })

interface Work {
  item: FoldItem
  delivery: Delivery
}

/**
 * Shard queues share batches under a low load, which costs the database least; under a high load two run at once: more of them
 * drain a backlog no faster, and keep the database from those who write meanwhile.
 */
const RUNS = { parallel: 2, minParallelItems: 64, maxItems: BATCH.maxBatch, gatherMs: 2 }

/**
 * A batch handler that records the items of all deliveries in order, in one transaction if every item is good. An item that
 * cannot be stored becomes a dead letter by itself. After an Outage the queue adapter retries the same deliveries.
 * @throws Outage
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
 * Records items in order, at most `pace.size` in a transaction. The longer a transaction and the more conversations it touches,
 * the likelier it conflicts with replies written meanwhile: a lost race halves the size, which then grows again slowly.
 */
async function recordWork(deps: Deps, work: Work[]): Promise<void> {
  const startedAt = performance.now()
  for (let at = 0; at < work.length; ) {
    // Recorded items cost one lookup when repeated, whereas a handler that never ends would count as stuck.
    if (performance.now() - startedAt > HANDLER_MS) throw new Outage('too many write conflicts')
    const part = work.slice(at, at + deps.pace.size)
    try {
      await recordPart(deps, part)
      at += part.length
      deps.pace.size = Math.min(BATCH.maxBatch, deps.pace.size + SIZE_STEP)
    } catch (error) {
      if (!(error instanceof LostRace)) throw error
      deps.pace.size = Math.max(1, Math.ceil(Math.min(deps.pace.size, part.length) / 2))
    }
  }
}

/** Halves a batch that fails for another reason until the bad item is alone; the other items are stored in order. */
async function recordPart(deps: Deps, work: Work[]): Promise<void> {
  try {
    await recordAll(deps, work)
  } catch (error) {
    if (error instanceof Outage || error instanceof LostRace) throw error
    const [only] = work
    if (work.length === 1 && only !== undefined) return await recordAlone(deps, only, error)
    deps.log.warn({ err: error, size: work.length }, 'batch halved')
    const middle = Math.ceil(work.length / 2)
    await recordPart(deps, work.slice(0, middle))
    await recordPart(deps, work.slice(middle))
  }
}

async function recordAll(deps: Deps, work: Work[]): Promise<void> {
  const { store, events, pace } = deps
  const span = startSpan(work)
  const { traceparent } = span
  const items = work.map(({ item }) => item)
  const isSuspect = pace.suspectBatches > 0 || work.some(({ delivery }) => delivery.redelivered)
  const publishing: Promise<void>[] = []
  const publish = (rows: EventDoc[]) => void publishing.push(events.publish(rows, traceparent))
  const recorded = await recordItems(store, items, { isSuspect, publishEarly: publish })
  const { outcomes, tenantIds } = recorded
  const unpublished = await findUnpublished(store, items, recorded).catch(error => {
    deps.log.warn({ err: error }, 'events of duplicates left to the sweep')
    return []
  })
  publish([...unpublished, ...recorded.events])
  publishMediaJobs(deps, recorded.withMedia)
  const cleared = clearProjected(store, recorded.projected).catch(error =>
    deps.log.warn({ err: error }, 'projection marks left to the sweep'),
  )
  const refused = work.flatMap(({ item, delivery }, i) =>
    outcomes[i] === 'failed' && isWebhook(item) ? { item, delivery, tenantId: tenantIds[i] as Id | null } : [],
  )
  for (const one of refused) await giveUp(deps, one, 'the item cannot be read', null)
  count(work, outcomes)
  webhookUnknownNumber.inc(
    items.filter((item, i) => isWebhook(item) && item.phoneNumberId !== null && isUnowned(recorded, i)).length,
  )
  const isCopy = items.some((item, i) => isWebhook(item) && outcomes[i] === 'duplicate')
  pace.suspectBatches = isCopy ? SUSPECT_BATCHES : Math.max(0, pace.suspectBatches - 1)
  if (recorded.matched.length > 0) publish((await recordItems(store, recorded.matched, { isSuspect: true })).events)
  await Promise.all([...publishing, cleared])
  span.end()
}

/** The span of a transaction: a child of its first delivery's, with links to the others'. Its events are its children. */
function startSpan(work: Work[]): { traceparent: string | null; end(): void } {
  const parent = work[0]?.delivery.traceparent ?? null
  const traceparent = spanOf(parent)
  const startedAt = performance.now()
  return {
    traceparent,
    end() {
      if (spans.record === null || traceparent === null) return
      const others = new Set(work.map(({ delivery }) => delivery.traceparent))
      others.delete(parent)
      const attributes = { 'linko.items': work.length }
      spans.record({ name: 'record items', kind: 'internal', traceparent, parent, startedAt, links: [...others], attributes })
    },
  }
}

/** Whether no tenant has the item's number. Of several copies only the first counts: the others are duplicates. */
const isUnowned = ({ outcomes, tenantIds }: Recorded, i: number) => outcomes[i] === 'ignored' && tenantIds[i] === null

async function recordAlone(deps: Deps, work: Work, first: unknown): Promise<void> {
  let error = first
  for (const waitMs of RETRY_MS) {
    await sleep(waitMs)
    try {
      return await recordAll(deps, [work])
    } catch (again) {
      if (again instanceof Outage) throw again
      error = again
    }
  }
  const { item, delivery } = work
  if (isWebhook(item)) {
    const [tenantId = null] = await ownersOf(deps.store, [item])
    await giveUp(deps, { item, delivery, tenantId }, 'storing it failed', error)
  } else {
    deps.log.error({ err: error, messageId: String(item.messageId) }, 'projection failed')
    await postponeProjection(deps.store, item)
  }
  count([work], ['failed'])
}

function count(work: Work[], outcomes: ItemOutcome[]): void {
  const now = Date.now()
  work.forEach(({ item }, i) => {
    webhookProcessed.inc({ kind: item.kind, outcome: outcomes[i] ?? 'processed' })
    if (isWebhook(item)) webhookLag.observe(Math.max(0, now - item.receivedAt.getTime()) / 1000)
  })
}
