import { digitsOf } from '../params.ts'

export interface Fault {
  match: {
    /** Part of the path, such as `/messages`; `*` stands for anything. */
    path?: string
    method?: string
    phoneNumberId?: string
    /** Recipient of a send: digits or business-scoped user id. */
    to?: string
  }
  /** How many requests it is applied to; null = all. */
  times: number | null
  /** How many matching requests pass before the fault is applied for the first time. */
  skip?: number
  /** Probability in [0, 1] that a matching request gets the fault. */
  rate?: number
  effect: FaultEffect
}

export interface FaultEffect {
  /** Answers with this HTTP status, in Graph's envelope or, for 502 and 504, as a proxy's HTML page. */
  status?: number
  /** Answers with this error code of Meta's table. */
  code?: number
  subcode?: number
  details?: string
  /** Waits first. A fault with nothing else then answers the request as usual. */
  latencyMs?: number
  /** Resets the connection. */
  reset?: boolean
  /** Never answers. */
  timeout?: boolean
  /** The request is carried out, but its answer cannot be read; `true` = an HTML page. */
  garbled?: boolean | 'html' | 'empty' | 'truncated' | 'huge' | 'wrong-type'
  /** Carries the request out before the fault, so that the caller does not know the outcome; always so with `garbled`. */
  after?: boolean
  headers?: Record<string, string>
}

export interface FaultSubject {
  method: string
  path: string
  phoneNumberId: string
  to: string
}

export type Faults = ReturnType<typeof createFaults>

/** The faults to apply, in order: a request gets the first one that matches. */
export function createFaults() {
  /** `seen` counts matching requests, `struck` those that got the fault. `GET /_sim/faults` shows both. */
  let faults: (Fault & { struck: number; seen: number })[] = []
  return {
    set(list: Fault[]): void {
      faults = list.map(fault => ({ ...fault, struck: 0, seen: 0 }))
    },
    list: () => faults,
    any: () => faults.length > 0,
    /** The effect of the fault that this request gets, which is counted; null when there is none. */
    effectFor(subject: FaultSubject): FaultEffect | null {
      for (const fault of faults) {
        if (!matches(fault.match, subject) || (fault.times !== null && fault.struck >= fault.times)) continue
        if (++fault.seen <= (fault.skip ?? 0)) continue
        if (fault.rate !== undefined && Math.random() >= fault.rate) continue
        fault.struck++
        return fault.effect
      }
      return null
    },
  }
}

function matches(match: Fault['match'], subject: FaultSubject): boolean {
  if (match.path !== undefined && !pathMatches(match.path, subject.path)) return false
  if (match.method !== undefined && match.method.toUpperCase() !== subject.method) return false
  if (match.phoneNumberId !== undefined && match.phoneNumberId !== subject.phoneNumberId) return false
  return (
    match.to === undefined ||
    match.to === subject.to ||
    (digitsOf(match.to) !== '' && digitsOf(match.to) === digitsOf(subject.to))
  )
}

function pathMatches(pattern: string, path: string): boolean {
  const parts = pattern.split('*')
  let from = 0
  for (const part of parts) {
    const at = path.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return true
}
