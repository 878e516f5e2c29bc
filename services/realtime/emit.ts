import { type SequencedEvent, socketNames, socketPayload } from '#shared/contracts/socket-events.ts'

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
