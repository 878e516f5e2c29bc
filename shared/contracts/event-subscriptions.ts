import { z } from 'zod'
import { EVENT_NAMES, type EventName, type RealtimeEvent } from './realtime-event.ts'

/** Names of the events outside: those of the sockets in the form of the Standard Webhooks specification, `message.received`. */
export type EventType = EventName extends `${infer Area}:${infer Fact}` ? `${Area}.${Fact}` : never

/** The name outside of a durable event. */
export const eventTypeOf = (name: EventName): EventType => name.replace(':', '.') as EventType

export const EVENT_TYPES: readonly EventType[] = EVENT_NAMES.map(eventTypeOf)

/** Type of the delivery that shows whether an endpoint can be reached. Nothing has happened. */
export const TEST_TYPE = 'subscription.test'

/** What a tenant's endpoint and the operator's exchange get, as JSON. The payload is that of the event on the sockets. */
export const OutgoingEvent = z.strictObject({
  /** The same whenever the event is delivered again; also in the header `webhook-id`. */
  id: z.string(),
  type: z.string(),
  timestamp: z.iso.datetime(),
  tenantId: z.string(),
  /** Position in the order of the tenant's events; null for a test. */
  seq: z.number().int().nullable(),
  data: z.record(z.string(), z.unknown()),
})
export type OutgoingEvent = z.infer<typeof OutgoingEvent>

/** An event of the log as it goes outside. */
export function outgoingEvent(event: RealtimeEvent & { seq: number }): OutgoingEvent {
  const { eventId, name, at, tenantId, seq, payload } = event
  return { id: eventId, type: eventTypeOf(name), timestamp: at, tenantId, seq, data: payload }
}
