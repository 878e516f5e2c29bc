import { type DirectSend, refusesDirectSend } from './direct-send.ts'
import { WINDOW_CLOSED } from './send-errors.ts'

/** State that decides whether the template may go out instead of the message. */
export interface FallbackState {
  /** When the template was put in the message's place; null: not used. */
  usedAt: Date | null
  /** Attempt of the message itself whose outcome is unknown: it may have arrived. */
  unsettled: number | null
}

/**
 * Whether the template may go out: once, and not while an attempt of the message itself may still arrive.
 * @param settled the attempt that is now known to have failed, if any
 */
export function mayFallBack(fallback: FallbackState | null | undefined, settled: number | null = null): boolean {
  if (!fallback || fallback.usedAt !== null) return false
  return fallback.unsettled === null || fallback.unsettled === settled
}

/** Why Meta's refusal of a message calls for its template; null: it does not. */
export function fallbackCause(
  error: { code: number | null },
  { directSend }: { directSend?: DirectSend | null },
): 'refused' | 'not-eligible' | null {
  if (error.code === WINDOW_CLOSED) return 'refused'
  return directSend && refusesDirectSend(error) ? 'not-eligible' : null
}
