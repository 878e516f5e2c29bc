/** Durable event as the realtime client gives it. */
export interface LiveEvent {
  name: string
  event: Record<string, unknown> & { eventId: string; seq: number; at: string }
}

/** Events kept so that they can be applied to what was being loaded when they came: the latest, for as long as a request may take. */
const KEPT = { most: 2000, ms: 60_000 }

/** The latest events in their order. */
export interface Journal {
  add(event: LiveEvent): void
  /** Seq of the last event; 0 before the first. */
  last(): number
  /** Events after `seq`; null when some of them are kept no more. */
  since(seq: number): LiveEvent[] | null
  clear(): void
}

/** @param now ms, of a clock that only goes forward */
export function createJournal({ most, ms } = KEPT, now = () => performance.now()): Journal {
  let events: LiveEvent[] = []
  let dropped = 0
  let turnedAt = now()
  /** How many of them were there at the last turn. */
  let old = 0
  const drop = (count: number) => {
    dropped = events[count - 1]?.event.seq ?? dropped
    events = events.slice(count)
    old = Math.max(0, old - count)
  }
  return {
    add(event) {
      if (now() - turnedAt > ms) {
        drop(old)
        old = events.length
        turnedAt = now()
      }
      events.push(event)
      if (events.length > most * 1.25) drop(events.length - most)
    },
    last: () => events.at(-1)?.event.seq ?? dropped,
    since: seq => (seq < dropped ? null : events.filter(({ event }) => event.seq > seq)),
    clear: () => drop(events.length),
  }
}

/**
 * Collects events and hands them over together, once a frame. A hidden tab draws no frames: there, and where a frame is late, they
 * are handed over after `atMostMs`.
 */
export function createBatcher(apply: (events: LiveEvent[]) => void, atMostMs = 100): (event: LiveEvent) => void {
  let waiting: LiveEvent[] = []
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    const events = waiting
    waiting = []
    apply(events)
  }
  return event => {
    waiting.push(event)
    if (waiting.length > 1) return
    frame = requestAnimationFrame(flush)
    timer = setTimeout(flush, atMostMs)
  }
}
