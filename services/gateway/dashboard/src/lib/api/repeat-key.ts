import { useRef } from 'react'
import { Problem } from './problem.ts'

/**
 * Idempotency-Key of a form that creates something: a second try after a lost answer creates nothing twice, one after a refusal asks
 * something else. `onError` hears how each try failed.
 */
export function useRepeatKey(): { current(): string; onError(error: unknown): void } {
  const key = useRef(crypto.randomUUID())
  return {
    current: () => key.current,
    onError(error) {
      if (error instanceof Problem && !error.isPassing) key.current = crypto.randomUUID()
    },
  }
}
