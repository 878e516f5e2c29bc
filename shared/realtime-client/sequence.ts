import type { EventEnvelope } from '../contracts/socket-events.ts'

/** Durable event with its name. */
export interface NamedEvent {
  name: string
  event: EventEnvelope
}

/**
 * Puts the events of a socket into the tenant's order: each once, none before its predecessors. Reports gaps, so that the caller
 * can request a replay. Independent of sockets.
 */
export interface Sequence {
  /** Last seq that was released; null before the first session. */
  readonly last: number | null
  /** `session:ready`, `tick`: all events up to `seq` were emitted. Returns false if some of them are missing. */
  reach(seq: number): boolean
  /** Adds an event and returns those that can be released, in order; `isBehind`: some predecessors are missing. */
  take(named: NamedEvent): { due: NamedEvent[]; isBehind: boolean }
  /** `sync:done`: all events up to `seq` were replayed. */
  settle(seq: number): { due: NamedEvent[]; isBehind: boolean }
  /** `sync:reset`: continues after `seq`, whether it is ahead or behind. */
  restart(seq: number): { due: NamedEvent[]; isBehind: boolean }
}

/** Creates a sequence. @param sinceSeq last seq of an earlier session; null starts with the first session's seq */
export function createSequence(sinceSeq: number | null = null): Sequence {
  let last = sinceSeq
  const early = new Map<number, NamedEvent>()

  function release() {
    const due: NamedEvent[] = []
    for (const seq of early.keys()) if (seq <= (last ?? 0)) early.delete(seq)
    for (let next = early.get((last ?? 0) + 1); next; next = early.get((last ?? 0) + 1)) {
      last = next.event.seq
      early.delete(last)
      due.push(next)
    }
    return { due, isBehind: early.size > 0 }
  }

  return {
    get last() {
      return last
    },
    reach(seq) {
      last ??= seq
      return last >= seq
    },
    take(named) {
      const { seq, replay } = named.event
      if (last !== null && seq <= last) return { due: [], isBehind: early.size > 0 }
      early.set(seq, named)
      // A replay is in order: a number that it skips was never assigned to an event.
      if (replay) last = seq - 1
      return last === null ? { due: [], isBehind: false } : release()
    },
    settle(seq) {
      last = Math.max(last ?? 0, seq)
      return release()
    },
    restart(seq) {
      last = seq
      return release()
    },
  }
}
