import { AsyncLocalStorage } from 'node:async_hooks'
import { type Id, isId, toId } from '../../model/ids.ts'

/** A query without a tenant, with another tenant than its context, or with several: always a bug, never a user's mistake. */
export class UnscopedQuery extends Error {
  override readonly name = 'UnscopedQuery'
}

type Context = { tenantId: Id; viewer: Id | null; across: false } | { tenantId: null; viewer: null; across: true }

const contexts = new AsyncLocalStorage<Context>()

/**
 * Restricts all queries made in `work` to this tenant. A query object that `work` returns is run inside the restriction.
 * @param viewer the user whose own conversations alone `work` may see, see `shared/store/inbox/visibility.ts`; a call inside
 *   another one keeps its viewer
 */
export function asTenant<T>(
  tenantId: Id | string,
  work: () => T | PromiseLike<T>,
  viewer: Id | null = currentViewer(),
): Promise<T> {
  return contexts.run({ tenantId: toTenantId(tenantId), viewer, across: false }, async () => await work())
}

/**
 * Lets queries made in `work` see all tenants; the only exception to the tenant check. For sign-in, webhooks, sweeps and platform
 * admins: `escapes.test.ts` lists the files that may call it.
 */
export function acrossTenants<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return contexts.run({ tenantId: null, viewer: null, across: true }, async () => await work())
}

/** The tenant of the current context; null outside `asTenant`. */
export const currentTenant = (): Id | null => contexts.getStore()?.tenantId ?? null

/** The user whose own conversations alone may be seen; null: all of the tenant's. */
export const currentViewer = (): Id | null => contexts.getStore()?.viewer ?? null

export const isAcrossTenants = (): boolean => contexts.getStore()?.across === true

/**
 * The tenant of a query: the one that it names, else the one of the context.
 * @param named the value of `tenantId` in a filter or document; an operator is refused.
 * @throws UnscopedQuery when there is no tenant, or when the two differ
 */
export function tenantFor(what: string, named: unknown): Id {
  const current = currentTenant()
  if (named === undefined) {
    if (current === null) throw new UnscopedQuery(`${what} names no tenant`)
    return current
  }
  const tenantId = toTenantId(named)
  if (current !== null && !current.equals(tenantId)) throw new UnscopedQuery(`${what} names another tenant than its context`)
  return tenantId
}

/** @throws UnscopedQuery for anything but an id: operators, arrays, null */
export function toTenantId(value: unknown): Id {
  if (isId(value)) return toId(value)
  throw new UnscopedQuery('tenantId is not an id')
}
