import type { RealtimeEvent } from '../../contracts/realtime-event.ts'

/**
 * Keeps only the last `conversation:updated` of each conversation in a batch, with the fields of all: the earlier ones (`folded`)
 * are superseded before any socket received them. Other events are always kept.
 */
export function coalesceUpdates(events: RealtimeEvent[]): { kept: RealtimeEvent[]; folded: RealtimeEvent[] } {
  const last = new Map<string, RealtimeEvent>()
  const folded: RealtimeEvent[] = []
  for (const event of events) {
    if (event.name !== 'conversation:updated' || event.conversationId === null) continue
    const key = `${event.tenantId}:${event.conversationId}`
    const earlier = last.get(key)
    if (earlier) folded.push(earlier)
    last.set(key, earlier ? { ...event, payload: { ...event.payload, updates: mergedUpdates(earlier, event) } } : event)
  }
  const gone = new Set(folded.map(event => event.eventId))
  const latest = new Map([...last.values()].map(event => [event.eventId, event]))
  const kept = events.filter(event => !gone.has(event.eventId)).map(event => latest.get(event.eventId) ?? event)
  return { kept, folded }
}

const mergedUpdates = (earlier: RealtimeEvent, later: RealtimeEvent) => ({
  ...(earlier.payload.updates as object | undefined),
  ...(later.payload.updates as object | undefined),
})
