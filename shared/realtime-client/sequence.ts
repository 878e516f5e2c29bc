import type { EventEnvelope } from '../contracts/socket-events.ts'

/** A durable event under its name. */
export interface NamedEvent {
  name: string
  event: EventEnvelope
}

/**
 * Puts what a socket says into the tenant's order: each event once, none before its predecessors. Tells when something is
 * missing, so that the caller asks for it. Knows nothing of sockets.
 */
export interface Sequence {
  /** The last seq that was given out; null before the first session. */
  readonly last: number | null
  /** `session:ready`, `tick`: everything up to `seq` has been emitted. False when some of it is missing here. */
  reach(seq: number): boolean
  /** What can be given out now, in order; `isBehind` when the event came before its predecessors. */
  take(named: NamedEvent): { due: NamedEvent[]; isBehind: boolean }
  /** `sync:done`: everything up to `seq` was replayed. */
  settle(seq: number): { due: NamedEvent[]; isBehind: boolean }
  /** `sync:reset`: go on after `seq`, be it before or behind. */
  restart(seq: number): { due: NamedEvent[]; isBehind: boolean }
}

/** @param sinceSeq where an earlier session ended; null begins with the first session's seq. */
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
      // The log is in order: a number that it skips was never given to an event.
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
