import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import type { OneTimeLink } from '../../ui/link-dialog.tsx'
import type { TenantState } from './search.ts'

export interface Tenant {
  id: string
  name: string
  status: TenantState
  timezone: string
  currency: string
  createdAt: string
}

/** What waits, of one priority. */
interface Waiting {
  waiting: number
}

/** A number as it is now, in part as Meta says at this moment. */
export interface TenantNumber {
  id: string
  whatsappNumber: string | null
  phoneNumberId: string
  status: 'active' | 'disconnected' | 'suspended' | 'paused'
  reason: string | null
  token: { isValid: boolean | null; problem: string | null; expiresAt: string | null }
  subscription: { isSubscribed: boolean | null; problem: string | null }
}

export interface TenantStatus {
  isHealthy: boolean
  numbers: TenantNumber[]
  backlog: Record<string, Waiting>
  checkedAt: string
}

const KEY = ['tenants'] as const
const PAGE = 100

export const tenantsQuery = (filters: { status: TenantState | undefined; q: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: [...KEY, 'list', filters],
    queryFn: ({ pageParam, signal }) => get<ListPage<Tenant>>('/tenants', { ...filters, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // No event tells of tenants.
    staleTime: 0,
  })

/** Asks Meta about each number, so it is asked once and again by a click only. */
export const tenantStatusQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEY, 'status', id],
    queryFn: ({ signal }) => get<TenantStatus>(`/tenants/${id}/status`, undefined, signal),
    staleTime: 60_000,
  })

/** Messages that each tenant has sent in the last 30 days. */
export const volumeQuery = queryOptions({
  queryKey: [...KEY, 'volume'],
  queryFn: async ({ signal }) => {
    type Report = { data: { key: string | null; messages: number }[] }
    const { data } = await get<Report>('/analytics/cost', { by: 'tenant' }, signal)
    return new Map(data.map(({ key, messages }) => [key, messages]))
  },
})

/** Changes tenants; what is shown of them is read again after it. */
export function useTenantChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) })
}

export interface NewTenant {
  name: string
  adminName: string
  adminEmail: string
  timezone?: string
}

export const createTenant = ({ key, ...body }: NewTenant & { key: string }): Promise<Tenant & { link: OneTimeLink }> =>
  request('POST', '/tenants', { body, idempotencyKey: key })

export const CHANGES = ['suspend', 'resume', 'deactivate', 'reactivate'] as const
export type TenantChange = (typeof CHANGES)[number]

export function changeTenant({ id, change }: { id: string; change: TenantChange }): Promise<Tenant> {
  if (change === 'deactivate') return request('DELETE', `/tenants/${id}`)
  if (change === 'reactivate') return request('POST', `/tenants/${id}/reactivate`)
  return request('PATCH', `/tenants/${id}`, { body: { status: change === 'suspend' ? 'suspended' : 'active' } })
}

/** What may be done with a tenant in its state; one's own is not switched off. */
export function changesOf({ status }: Pick<Tenant, 'status'>, isOwn: boolean): TenantChange[] {
  if (isOwn) return []
  if (status === 'deactivated') return ['reactivate']
  return status === 'suspended' ? ['resume', 'deactivate'] : ['suspend', 'deactivate']
}
