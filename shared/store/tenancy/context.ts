import { AsyncLocalStorage } from 'node:async_hooks'
import { type Id, isId, toId } from '../../model/ids.ts'

/** A query that names no tenant, another one than the work in hand is for, or several at once: a bug, never a user's mistake. */
export class UnscopedQuery extends Error {
  override readonly name = 'UnscopedQuery'
}

type Context = { tenantId: Id; across: false } | { tenantId: null; across: true }

const contexts = new AsyncLocalStorage<Context>()

/** All queries made within `work` are of this tenant alone. A query object that `work` returns is run before leaving. */
export function asTenant<T>(tenantId: Id | string, work: () => T | PromiseLike<T>): Promise<T> {
  return contexts.run({ tenantId: toTenantId(tenantId), across: false }, async () => await work())
}

/**
 * The one escape: queries made within `work` see every tenant. For sign-in, webhooks, sweeps and platform admins; a lint
 * test lists the files that may call it.
 */
export function acrossTenants<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return contexts.run({ tenantId: null, across: true }, async () => await work())
}

/** The tenant of the work in hand; null outside `asTenant`. */
export const currentTenant = (): Id | null => contexts.getStore()?.tenantId ?? null

export const isAcrossTenants = (): boolean => contexts.getStore()?.across === true

/**
 * The tenant that a query is for: the one it names, else the one of the context.
 * @param named the value of `tenantId` in a filter or document; an operator is refused.
 * @throws UnscopedQuery when there is none, or when the two differ
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
