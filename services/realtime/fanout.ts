import { RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { spans } from '#shared/process/spans/spans.ts'
import { childTrace } from '#shared/process/trace.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq, markEmitted, raiseCounters } from '#shared/store/events/sequence.ts'
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

/**
 * How far the counters and the marks may be behind the events. Counters are needed only after the event rows have expired, marks by
 * the trace of a message.
 */
const NOTES_MS = 1000

/** Consumes domain events: numbers them in each tenant's order, emits them on every node, then acks them. */
export async function startFanout(deps: FanoutDeps) {
  const notes = createNotes(deps)
  const options = { ...BATCH, membersQueue: QUEUES.members, joinMembers: true, available: () => deps.store.takesWrites() }
  const consumer = await deps.queue.consumeShards(QUEUES.realtime, deliveries => fanOut(deps, notes, deliveries), options)
  return {
    ...consumer,
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await notes[Symbol.asyncDispose]()
    },
  }
}

/** Handles a batch. After an error it is delivered again, and its events keep their numbers. */
async function fanOut({ store, sockets }: FanoutDeps, notes: Notes, deliveries: Delivery[]): Promise<Outcome[]> {
  const read = deliveries.map(delivery => readMessage(RealtimeEvents, delivery)?.events ?? null)
  const isRepeated = deliveries.some(({ redelivered }) => redelivered)
  const published = read.flatMap(batch => batch ?? [])
  const events = await assignSeq(store, published, isRepeated)
  const startedAt = performance.now()
  sockets.emit(events)
  if (spans.record !== null) recordEmission(deliveries, events.length, startedAt)
  notes.emitted(events)
  return read.map(batch => (batch === null ? { kind: 'dead-letter', reason: 'not events of this version' } : DONE))
}

/** The span of an emission to rooms: a child of its first delivery's, with links to the others'. */
function recordEmission([first, ...others]: Delivery[], events: number, startedAt: number): void {
  const parent = first?.traceparent ?? null
  const links = others.map(({ traceparent }) => traceparent)
  const attributes = { 'linko.events': events }
  spans.record?.({ name: 'emit events', kind: 'internal', traceparent: childTrace(parent), parent, startedAt, links, attributes })
}

type Notes = ReturnType<typeof createNotes>

/** The newest event of a tenant that was emitted. */
interface Newest {
  tenantId: string
  eventId: string
  seq: number
  at: Date
}

/**
 * Writes once a second, however many events there are: the tenants' counters, and with the newest event of each tenant when it was
 * emitted.
 */
function createNotes({ store, log }: FanoutDeps) {
  let unwritten = new Map<string, Newest>()
  let writing: Promise<void> | null = null

  async function write(): Promise<void> {
    const newest = [...unwritten.values()]
    unwritten = new Map()
    try {
      await raiseCounters(store, new Map(newest.map(({ tenantId, seq }) => [tenantId, seq])))
      await markEmitted(store, newest)
    } catch (error) {
      log.warn({ err: error }, 'event counters not written')
      newest.forEach(keep)
    }
  }

  function keep(one: Newest): void {
    if ((unwritten.get(one.tenantId)?.seq ?? 0) < one.seq) unwritten.set(one.tenantId, one)
  }

  const timer = setInterval(() => {
    if (unwritten.size > 0) writing ??= write().finally(() => (writing = null))
  }, NOTES_MS)
  return {
    emitted(events: Pick<SequencedEvent, 'tenantId' | 'eventId' | 'seq'>[]): void {
      const at = new Date()
      for (const { tenantId, eventId, seq } of events) keep({ tenantId, eventId, seq, at })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing
      await write()
    },
  }
}
