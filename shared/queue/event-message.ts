import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { RealtimeEvents } from '../contracts/realtime-event.ts'
import type { EventDoc } from '../model/documents.ts'
import { realtimeEventOf } from '../model/realtime-event.ts'
import { EXCHANGES, eventKey, eventShard } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

/** One message for so many at most: a large one holds up its shard. */
const MAX_EVENTS = 64

/**
 * Domain events on their way to realtime: the same whoever publishes them, and however often. What was committed together
 * travels together, a message for each shard, for the broker's price is by the message. Each tenant's order is kept.
 */
export function eventMessages(events: readonly EventDoc[], traceparent: string | null): OutgoingMessage[] {
  const shards = Map.groupBy(events, ({ tenantId }) => eventShard(String(tenantId)))
  return [...shards].flatMap(([shard, rows]) => chunks(rows, MAX_EVENTS).map(chunk => messageOf(shard, chunk, traceparent)))
}

function messageOf(shard: number, rows: EventDoc[], traceparent: string | null): OutgoingMessage {
  const [first] = rows as [EventDoc]
  const body: RealtimeEvents = { v: 1, events: rows.map(realtimeEventOf) }
  const name = rows.every(row => row.name === first.name) ? first.name : 'mixed'
  return {
    exchange: EXCHANGES.event,
    routingKey: eventKey(shard, name),
    type: MESSAGE_TYPE.events,
    body,
    messageId: first._id,
    tenantId: String(first.tenantId),
    traceparent,
  }
}

const chunks = <T>(rows: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
