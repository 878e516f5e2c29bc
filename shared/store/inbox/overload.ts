import { ApiError } from '../../domain/errors.ts'

/** Messages that wait for one step of their acceptance: at more the database cannot follow, and a caller learns it early. */
const MOST_WAITING = 500
const RETRY_AFTER_S = 2

/** @throws ApiError 503 OVERLOADED with Retry-After */
export function refuseOverload(waiting: number): void {
  if (waiting < MOST_WAITING) return
  throw new ApiError(503, 'OVERLOADED', 'Messages arrive faster than they can be stored. Try again in a moment.', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  })
}
