import { RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq, raiseCounters } from '#shared/store/events/sequence.ts'
import type { Sockets } from './sockets.ts'

export interface FanoutDeps {
  store: Store
  queue: Queue
  sockets: Sockets
  log: Logger
}

/**
 * Messages of customers are numbered at once, or with the next batch of a stream; other events wait for them or for others of
 * their kind, because the cost is by the batch.
 */
const BATCH = { prefetch: 128, maxBatch: 64, lingerMs: 0, everyMs: 5, patienceMs: 100 }

/** How far the counters may be behind the events. They are needed only after the event rows have expired. */
const COUNTERS_MS = 1000

/** Consumes domain events: numbers them in each tenant's order, emits them on every node, then acks them. */
export async function startFanout(deps: FanoutDeps) {
  const counters = createCounters(deps)
  const options = { ...BATCH, membersQueue: QUEUES.members, joinMembers: true, available: () => deps.store.takesWrites() }
  const consumer = await deps.queue.consumeShards(QUEUES.realtime, deliveries => fanOut(deps, counters, deliveries), options)
  return {
    ...consumer,
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await counters[Symbol.asyncDispose]()
    },
  }
}

/** Handles a batch. After an error it is delivered again, and its events keep their numbers. */
async function fanOut({ store, sockets }: FanoutDeps, counters: Counters, deliveries: Delivery[]): Promise<Outcome[]> {
  const read = deliveries.map(delivery => readMessage(RealtimeEvents, delivery)?.events ?? null)
  const isRepeated = deliveries.some(({ redelivered }) => redelivered)
  const published = read.flatMap(batch => batch ?? [])
  const events = await assignSeq(store, published, isRepeated)
  sockets.emit(events)
  counters.raise(events)
  return read.map(batch => (batch === null ? { kind: 'dead-letter', reason: 'not events of this version' } : DONE))
}

type Counters = ReturnType<typeof createCounters>

/** Raises the tenants' counters to the latest `seq` once a second, however many events there are. */
function createCounters({ store, log }: FanoutDeps) {
  let behind = new Map<string, number>()
  let writing: Promise<void> | null = null

  async function write(): Promise<void> {
    const seqs = behind
    behind = new Map()
    try {
      await raiseCounters(store, seqs)
    } catch (error) {
      log.warn({ err: error }, 'event counters not written')
      raise([...seqs].map(([tenantId, seq]) => ({ tenantId, seq })))
    }
  }

  function raise(events: Pick<SequencedEvent, 'tenantId' | 'seq'>[]): void {
    for (const { tenantId, seq } of events) behind.set(tenantId, Math.max(behind.get(tenantId) ?? 0, seq))
  }

  const timer = setInterval(() => {
    if (behind.size > 0) writing ??= write().finally(() => (writing = null))
  }, COUNTERS_MS)
  return {
    raise,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing
      await write()
    },
  }
}
