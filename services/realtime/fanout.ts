import { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import type { Logger } from '#shared/process/logger.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq, raiseCounters } from '#shared/store/events.ts'
import type { Sockets } from './sockets.ts'

export interface FanoutDeps {
  store: Store
  queue: Queue
  sockets: Sockets
  log: Logger
}

const BATCH = { prefetch: 512, maxBatch: 256, lingerMs: 3 }

/** Domain events to sockets: numbered in their tenant's order, told to every node, then acked. */
export function startFanout(deps: FanoutDeps) {
  const options = { ...BATCH, membersQueue: QUEUES.members, joinMembers: true, available: () => deps.store.ping() }
  return deps.queue.consumeShards(QUEUES.realtime, deliveries => fanOut(deps, deliveries), options)
}

/** The sockets first: they must not wait for the counters. What fails here is delivered again and keeps its numbers. */
async function fanOut({ store, sockets }: FanoutDeps, deliveries: Delivery[]): Promise<Outcome[]> {
  const read = deliveries.map(readEvent)
  const events = await assignSeq(
    store,
    read.filter(event => event !== null),
  )
  sockets.tell(events)
  await raiseCounters(store, events)
  return read.map(event => (event === null ? { kind: 'dead-letter', reason: 'not an event of this version' } : DONE))
}

function readEvent(delivery: Delivery): RealtimeEvent | null {
  try {
    const parsed = RealtimeEvent.safeParse(JSON.parse(delivery.content.toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
