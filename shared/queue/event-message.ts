import { MESSAGE_TYPE } from '../contracts/message-types.ts'
import type { EventName, RealtimeEvent } from '../contracts/realtime-event.ts'
import { EXCHANGES, eventKey } from './topology.ts'
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

/** A domain event on its way to realtime: the same whoever publishes it, and however often. */
export function eventMessage(event: EventRow, traceparent: string | null): OutgoingMessage {
  const tenantId = String(event.tenantId)
  const body: RealtimeEvent = {
    v: 1,
    eventId: event._id,
    tenantId,
    name: event.name,
    at: event.at.toISOString(),
    clientId: textOf(event.clientId),
    conversationId: textOf(event.conversationId),
    userId: textOf(event.userId),
    payload: event.payload,
  }
  const routingKey = eventKey(tenantId, event.name)
  return { exchange: EXCHANGES.event, routingKey, type: MESSAGE_TYPE.event, body, messageId: event._id, tenantId, traceparent }
}

const textOf = (id: unknown): string | null => (id == null ? null : String(id))
