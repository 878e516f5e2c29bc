import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import type { Id } from '#shared/model/documents.ts'
import { findUserNames } from '#shared/store/accounts/users.ts'
import type { GatewayDeps } from './deps.ts'

/** What a change is compared with. */
export interface Present<T> {
  tenantId: Id | string
  /** All fields as they are now, as the API shows them. */
  view: T
  /** Who changed it last; null or absent: nobody knows. */
  updatedBy?: Id | null
}

/** The `expected` of a body: fields as the caller read them. */
export const expectedOf = <T extends z.ZodType>(fields: T) =>
  fields.optional().describe('Fields as you read them: 409 CHANGED_MEANWHILE when one is another by now')

/**
 * Refuses a change of what somebody else has changed since the caller read it. Call it where the change is decided, within its transaction.
 * @param expected fields as the caller read them; undefined: the change holds over whatever there is
 * @throws ApiError 409 CHANGED_MEANWHILE with all fields as they are now in `current`, and in `errors` those that differ
 */
export async function requireExpected<T extends object>(
  { store }: Pick<GatewayDeps, 'store'>,
  expected: Partial<T> | undefined,
  { tenantId, view, updatedBy }: Present<T>,
): Promise<void> {
  const now = view as Record<string, unknown>
  const changed = Object.entries(expected ?? {}).filter(([name, value]) => !isDeepStrictEqual(now[name], value))
  if (changed.length === 0) return
  const names = updatedBy ? await findUserNames(store, tenantId, [String(updatedBy)]) : null
  throw new ApiError(409, 'CHANGED_MEANWHILE', 'Somebody else has changed this meanwhile. Compare both, and change it again.', {
    errors: changed.map(([path]) => ({ path, message: 'Has another value by now.' })),
    extra: { current: view, changedBy: names?.get(String(updatedBy)) ?? null },
  })
}
