import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { EventName, RealtimeEvent, RealtimeEvents } from '../contracts/realtime-event.ts'
import { EXCHANGES, eventKey, eventShard } from './topology.ts'
import type { OutgoingMessage } from './types.ts'

/** A row of `events`; ids are shown by their text. */
export interface EventRow {
  _id: string
  tenantId: unknown
  name: EventName
  at: Date
  clientId: unknown
  conversationId: unknown
  userId: unknown
  payload: Record<string, unknown>
}

/** One message for so many at most: a large one holds up its shard. */
const MAX_EVENTS = 64

/**
 * Domain events on their way to realtime: the same whoever publishes them, and however often. What was committed together
 * travels together, a message for each shard, for the broker's price is by the message. Each tenant's order is kept.
 */
export function eventMessages(events: readonly EventRow[], traceparent: string | null): OutgoingMessage[] {
  const shards = Map.groupBy(events, ({ tenantId }) => eventShard(String(tenantId)))
  return [...shards].flatMap(([shard, rows]) => chunks(rows, MAX_EVENTS).map(chunk => messageOf(shard, chunk, traceparent)))
}

function messageOf(shard: number, rows: EventRow[], traceparent: string | null): OutgoingMessage {
  const [first] = rows as [EventRow]
  const body: RealtimeEvents = { v: 1, events: rows.map(toEvent) }
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

function toEvent(row: EventRow): RealtimeEvent {
  return {
    v: 1,
    eventId: row._id,
    tenantId: String(row.tenantId),
    name: row.name,
    at: row.at.toISOString(),
    clientId: textOf(row.clientId),
    conversationId: textOf(row.conversationId),
    userId: textOf(row.userId),
    payload: row.payload,
  }
}

const chunks = <T>(rows: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
const textOf = (id: unknown): string | null => (id == null ? null : String(id))
