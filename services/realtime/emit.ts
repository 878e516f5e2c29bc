import { type SequencedEvent, socketNames, socketPayload } from '#shared/contracts/socket-events.ts'

/** Room of a tenant's sockets that get every durable event. */
export const everyEvent = (tenantId: string) => `events:${tenantId}`
/** Room of a tenant's sockets that get the events of their user's own conversations alone. */
export const ownEvents = (tenantId: string) => `own-events:${tenantId}`

interface Emitter {
  emit(name: string, payload: unknown): unknown
}

/** Emits an event under each of its names. @returns the number of names */
export function emitEvent(target: unknown, event: SequencedEvent, more: { replay?: true } = {}): number {
  const names = socketNames(event.name)
  const payload = { ...socketPayload(event), ...more }
  for (const name of names) (target as Emitter).emit(name, payload)
  return names.length
}
