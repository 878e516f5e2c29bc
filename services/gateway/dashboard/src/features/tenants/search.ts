export const TENANT_STATES = ['active', 'suspended', 'deactivated'] as const
export type TenantState = (typeof TENANT_STATES)[number]

export interface TenantsSearch {
  status?: TenantState
  /** Part of the name. */
  q?: string
  /** Id of the tenant whose numbers are shown. */
  open?: string
}

/** Reads the search of an address; what it does not know is left out. */
export function readTenantsSearch({ status, q, open }: Record<string, unknown>): TenantsSearch {
  const search: TenantsSearch = {}
  const known = TENANT_STATES.find(state => state === status)
  if (known) search.status = known
  if (typeof q === 'number' || (typeof q === 'string' && q !== '')) search.q = String(q)
  if (typeof open === 'string' && /^[0-9a-f]{24}$/.test(open)) search.open = open
  return search
}
