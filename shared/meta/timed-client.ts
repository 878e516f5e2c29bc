import { type CallPace, MOST_CALLS, PACE_MS, paceOf, SLOW_MS, type TimedCall } from '../domain/call-pace.ts'
import type { MetaClient } from './client.ts'

export interface TimedClient extends MetaClient {
  /** How quickly Meta answers sends at present; null when none was made in the last minutes. */
  pace(): CallPace | null
}

/** Client that remembers how long its latest sends took. @param now ms of a clock that never goes back */
export function timeCalls(meta: MetaClient, now: () => number = () => performance.now()): TimedClient {
  const ended: (TimedCall & { at: number })[] = []
  const open = new Set<{ since: number }>()
  function end(call: { since: number }, isAnswered: boolean): void {
    open.delete(call)
    ended.push({ at: now(), ms: now() - call.since, isAnswered })
    // Not at every call: what goes is moved each time.
    if (ended.length >= 2 * MOST_CALLS) ended.splice(0, ended.length - MOST_CALLS)
  }
  return {
    ...meta,
    async sendMessage(...send) {
      const call = { since: now() }
      open.add(call)
      let isAnswered = false
      try {
        const result = await meta.sendMessage(...send)
        isAnswered = result.kind === 'accepted' || result.kind === 'refused'
        return result
      } finally {
        end(call, isAnswered)
      }
    },
    pace() {
      const recent = ended.slice(-MOST_CALLS).filter(({ at }) => now() - at < PACE_MS)
      // A call that takes long counts before it ends.
      const waiting = [...open].map(({ since }) => ({ ms: now() - since, isAnswered: true })).filter(({ ms }) => ms >= SLOW_MS)
      return paceOf([...recent, ...waiting])
    },
    [Symbol.asyncDispose]: () => meta[Symbol.asyncDispose](),
  }
}
