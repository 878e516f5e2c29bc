import { type DescribedError, type ErrorScope, PAIR_LIMIT, SPAM_LIMIT } from './send-errors.ts'

/** Next step for a message that Meta refused. */
export type FailureVerdict =
  /** The same message is sent again; the attempt is used up. */
  | { kind: 'retry'; delayMs: number }
  /** The whole scope waits; no attempt is used up, so that the message can fail only by its age. */
  | { kind: 'later'; delayMs: number; scope: ErrorScope }
  /** The scope stops until somebody fixes the cause; the message waits with it. */
  | { kind: 'pause'; scope: ErrorScope }
  /** Campaigns of the number stop for `delayMs`; a reply is sent again after it. */
  | { kind: 'hold-campaigns'; delayMs: number }
  | { kind: 'fail' }

export interface FailedAttempt {
  error: DescribedError
  /** Number of the failed attempt, from 1. */
  attempt: number
  /** How often in a row the same message failed with the same code before this attempt. */
  repeated?: number
  /** Wait that Meta asked for in `Retry-After`; 0 without one. */
  retryAfterMs?: number
}

/**
 * Decides by the error's class whether a refused message is sent again, waits or fails.
 * @param random in [0, 1): a test passes its own.
 */
export function afterFailure(failed: FailedAttempt, random: () => number = Math.random): FailureVerdict {
  const { error } = failed
  if (error.class === 'FAIL') return { kind: 'fail' }
  if (error.code === SPAM_LIMIT) return { kind: 'hold-campaigns', delayMs: laterMs(failed, random) }
  if (error.class === 'PAUSE') return { kind: 'pause', scope: error.scope }
  if (error.class === 'RETRY_LATER') return { kind: 'later', delayMs: laterMs(failed, random), scope: error.scope }
  const base = BACKOFF_MS[failed.attempt - 1]
  if (base === undefined || failed.attempt >= error.maxAttempts) return { kind: 'fail' }
  return { kind: 'retry', delayMs: Math.max(jittered(base, random), failed.retryAfterMs ?? 0) }
}

/**
 * Wait in ms before an attempt is repeated of which not a byte was sent (DNS, connect, TLS). It does not count as an attempt.
 * @param repeated how often in a row this happened before.
 */
export function afterUnsent(repeated: number, random: () => number = Math.random): number {
  return jittered(BACKOFF_MS[Math.min(repeated, BACKOFF_MS.length - 1)] as number, random)
}

const BACKOFF_MS = [1_000, 5_000, 30_000, 120_000, 600_000]
const MAX_LATER_MS = 3_600_000

/** Number of refusals in a row after which Meta's own `Retry-After` is no longer trusted alone. */
const MAX_TRUSTED_WAITS = 3

/**
 * Wait that Meta asks for, if it names one. Otherwise 4^x seconds for the pair limit; all others double up to an hour, or to
 * the table's own wait where that is longer.
 */
function laterMs({ error, repeated = 0, retryAfterMs = 0 }: FailedAttempt, random: () => number): number {
  const spread = 1 + 0.2 * random()
  if (retryAfterMs > 0 && repeated < MAX_TRUSTED_WAITS) return Math.round(retryAfterMs * spread)
  const baseMs = (error.waitS ?? 1) * 1000
  const factor = error.code === PAIR_LIMIT ? 4 : 2
  const grown = Math.min(baseMs * factor ** Math.min(repeated, 10), Math.max(baseMs, MAX_LATER_MS))
  return Math.max(Math.round(grown * spread), retryAfterMs)
}

function jittered(baseMs: number, random: () => number): number {
  return Math.round(baseMs * (0.8 + 0.4 * random()))
}
