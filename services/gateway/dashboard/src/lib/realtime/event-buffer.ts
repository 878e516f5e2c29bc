/** Durable event as the realtime client gives it. */
export interface LiveEvent {
  name: string
  event: Record<string, unknown> & { eventId: string; seq: number; at: string }
}

/** Events kept so that they can be applied to what was being loaded when they came. */
const KEPT = 2000

/** The latest events in their order. */
export interface Journal {
  add(event: LiveEvent): void
  /** Seq of the last event; 0 before the first. */
  last(): number
  /** Events after `seq`; null when some of them are kept no more. */
  since(seq: number): LiveEvent[] | null
  clear(): void
}

export function createJournal(kept = KEPT): Journal {
  let events: LiveEvent[] = []
  let dropped = 0
  return {
    add(event) {
      events.push(event)
      if (events.length <= kept * 2) return
      dropped = events[events.length - kept - 1]?.event.seq ?? dropped
      events = events.slice(-kept)
    },
    last: () => events.at(-1)?.event.seq ?? dropped,
    since: seq => (seq < dropped ? null : events.filter(({ event }) => event.seq > seq)),
    clear() {
      dropped = events.at(-1)?.event.seq ?? dropped
      events = []
    },
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
