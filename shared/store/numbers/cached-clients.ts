import type { ClientDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { clientCacheOf } from './client-cache.ts'
import { findPrimaryClient, getClient, getNamedClient } from './clients.ts'

/**
 * Numbers for hot paths, as the functions without `Cached` find them. They are at most 1 s old, and changes of this process show
 * at once.
 */

/** @throws ApiError 404 for unknown, deleted and other tenants' ids alike */
export const getCachedClient = (store: Store, tenantId: Id | string, clientId: Id | string): Promise<ClientDoc> =>
  clientCacheOf(store).get(`${tenantId} id ${clientId}`, () => getClient(store, tenantId, clientId)) as Promise<ClientDoc>

/** @throws ApiError 404, 409 CLIENT_AMBIGUOUS */
export const getCachedNamedClient = (store: Store, tenantId: Id | string, name: string): Promise<ClientDoc> =>
  clientCacheOf(store).get(`${tenantId} name ${name}`, () => getNamedClient(store, tenantId, name)) as Promise<ClientDoc>

/** The number for a caller that names none; null when the tenant has no number. */
export const findCachedPrimaryClient = (store: Store, tenantId: Id | string, userId?: string): Promise<ClientDoc | null> =>
  clientCacheOf(store).get(`${tenantId} primary ${userId ?? ''}`, () => findPrimaryClient(store, tenantId, userId))
