import { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventToSocket, socketEvents } from '#shared/process/metrics.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { assignSeq } from '#shared/store/events.ts'
import { emitEvent } from './emit.ts'
import type { Sockets } from './sockets.ts'

export interface FanoutDeps {
  store: Store
  queue: Queue
  sockets: Sockets
  log: Logger
}

const BATCH = { prefetch: 512, maxBatch: 256, lingerMs: 3 }

/** Domain events to sockets: numbered in their tenant's order, emitted once to every node's sockets, then acked. */
export function startFanout(deps: FanoutDeps) {
  const options = { ...BATCH, membersQueue: QUEUES.members, joinMembers: true, available: () => deps.store.ping() }
  return deps.queue.consumeShards(QUEUES.realtime, deliveries => fanOut(deps, deliveries), options)
}

async function fanOut({ store, sockets }: FanoutDeps, deliveries: Delivery[]): Promise<Outcome[]> {
  const read = deliveries.map(readEvent)
  const events = read.filter(event => event !== null)
  for (const event of await assignSeq(store, events)) emit(sockets, event)
  return read.map(event => (event === null ? { kind: 'dead-letter', reason: 'not an event of this version' } : DONE))
}

/** One emission to the union of its rooms: a socket that is in several gets it once. */
function emit({ io }: Sockets, event: SequencedEvent): void {
  const rooms = [`tenant:${event.tenantId}`]
  if (event.clientId) rooms.push(`client:${event.clientId}`)
  if (event.userId) rooms.push(`user:${event.userId}`)
  if (event.conversationId) rooms.push(`conversation:${event.conversationId}`)
  socketEvents.inc({ event: event.name }, emitEvent(io.to(rooms), event))
  eventToSocket.observe(Math.max(0, Date.now() - Date.parse(event.at)) / 1000)
}

function readEvent(delivery: Delivery): RealtimeEvent | null {
  try {
    const parsed = RealtimeEvent.safeParse(JSON.parse(delivery.content.toString('utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
