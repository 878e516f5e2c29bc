import type { RealtimeEvent } from '../contracts/realtime-event.ts'
import type { EventDoc } from './documents.ts'

/** A row of `events` as it travels: ids are strings, times ISO 8601. */
export function realtimeEventOf(row: EventDoc): RealtimeEvent {
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

const textOf = (id: EventDoc['clientId']): string | null => (id == null ? null : String(id))
