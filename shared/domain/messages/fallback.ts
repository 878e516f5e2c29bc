/** What decides whether the template may go out instead. */
export interface FallbackState {
  /** It has gone out, or is on its way. */
  usedAt: Date | null
  /** The attempt of the message itself that nobody answered: it may have arrived. */
  unsettled: number | null
}

/**
 * Once, and never both: while an attempt of the message itself may still arrive, its template stays.
 * @param settled the attempt of which is known now that it failed, if any
 */
export function mayFallBack(fallback: FallbackState | null | undefined, settled: number | null = null): boolean {
  if (!fallback || fallback.usedAt !== null) return false
  return fallback.unsettled === null || fallback.unsettled === settled
}
