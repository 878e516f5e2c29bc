import type { SequencedEvent } from '#shared/contracts/socket-events.ts'

interface Emitter {
  emit(name: string, payload: unknown): unknown
}

/** An event under its name, with what every durable event carries; an inbound message under both of its names, with one id. */
export function emitEvent(target: unknown, event: SequencedEvent, more: { replay?: true } = {}): number {
  const { eventId, seq, tenantId, at, name, payload } = event
  const told = { ...payload, eventId, seq, tenantId, at, ...more }
  const names = name === 'message:received' ? [name, 'message:incoming'] : [name]
  for (const each of names) (target as Emitter).emit(each, told)
  return names.length
}
