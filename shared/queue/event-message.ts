import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import { isUrgent, type RealtimeEvents } from '../contracts/realtime-event.ts'
import type { EventDoc } from '../model/documents.ts'
import { realtimeEventOf } from '../model/realtime-event.ts'
import { chunks } from './chunks.ts'
import { EXCHANGES, eventKey, eventShard } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

/** Maximum number of events in one message: a larger message would delay the others of its shard. */
const MAX_EVENTS = 64

/**
 * The messages that carry events to realtime. Events that were committed together share a message, one for each shard, because
 * the broker's cost is per message. The order of each tenant's events is kept, and the same events always make the same messages.
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
    isUrgent: rows.some(row => isUrgent(row.name)),
  }
}
