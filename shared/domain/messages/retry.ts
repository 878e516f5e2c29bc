import { type DescribedError, type ErrorScope, PAIR_LIMIT, SPAM_LIMIT } from './send-errors.ts'

/** What happens to a message that Meta refused. */
export type FailureVerdict =
  /** The same message again; the attempt is used up. */
  | { kind: 'retry'; delayMs: number }
  /** The whole scope waits; no attempt is used up, the message ends by age only. */
  | { kind: 'later'; delayMs: number; scope: ErrorScope }
  /** The scope stops until it is mended; the message waits with it. */
  | { kind: 'pause'; scope: ErrorScope }
  /** Campaigns of the number stop for `delayMs`; a reply is tried again after it. */
  | { kind: 'hold-campaigns'; delayMs: number }
  | { kind: 'fail' }

export interface FailedAttempt {
  error: DescribedError
  /** The number of the one that failed, from 1. */
  attempt: number
  /** How often in a row, before this one, the same message ended with the same code. */
  repeated?: number
  /** As Meta asked by `Retry-After`; 0 when it did not. */
  retryAfterMs?: number
}

/** @param random in [0, 1): a test passes its own. */
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
 * Wait before the same attempt is made again after not a byte of it left us (DNS, connect, TLS): nothing was tried, so
 * nothing is used up.
 * @param repeated how often in a row it happened before.
 */
export function afterUnsent(repeated: number, random: () => number = Math.random): number {
  return jittered(BACKOFF_MS[Math.min(repeated, BACKOFF_MS.length - 1)] as number, random)
}

const BACKOFF_MS = [1_000, 5_000, 30_000, 120_000, 600_000]
const MAX_LATER_MS = 3_600_000

/** Meta's word is taken for the time it names, unless it has been wrong several times in a row. */
const BELIEVED = 3

/**
 * As long as Meta asks, if it does. Otherwise the pair limit asks for 4^x seconds; everything else grows by two, up to an
 * hour or to what the table says.
 */
function laterMs({ error, repeated = 0, retryAfterMs = 0 }: FailedAttempt, random: () => number): number {
  const spread = 1 + 0.2 * random()
  if (retryAfterMs > 0 && repeated < BELIEVED) return Math.round(retryAfterMs * spread)
  const baseMs = (error.waitS ?? 1) * 1000
  const factor = error.code === PAIR_LIMIT ? 4 : 2
  const grown = Math.min(baseMs * factor ** Math.min(repeated, 10), Math.max(baseMs, MAX_LATER_MS))
  return Math.max(Math.round(grown * spread), retryAfterMs)
}

function jittered(baseMs: number, random: () => number): number {
  return Math.round(baseMs * (0.8 + 0.4 * random()))
}
