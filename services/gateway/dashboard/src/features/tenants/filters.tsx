import { useNavigate, useSearch } from '@tanstack/react-router'
import { useText } from '../../lib/i18n/text.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { readTenantsSearch, TENANT_STATES, type TenantsSearch } from './search.ts'

/** Search by name, and the state; both are in the address. */
export function Filters() {
  const t = useText()
  const { q = '', status } = useSearch({ from: '/shell/tenants' })
  const change = useSearchChange()
  return (
    <search className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <SearchField label={t('tenants.search')} q={q} onChange={typed => change({ q: typed || undefined })} />
      <select
        aria-label={t('tenants.state')}
        value={status ?? ''}
        onChange={({ target: { value } }) => change({ status: TENANT_STATES.find(state => state === value) })}
        className="min-h-(--control) max-w-52 rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem]"
      >
        <option value="">{t('tenants.allStates')}</option>
        {TENANT_STATES.map(state => (
          <option key={state} value={state}>
            {t(`tenants.state.${state}`)}
          </option>
        ))}
      </select>
    </search>
  )
}

export function useSearchChange() {
  const navigate = useNavigate({ from: '/tenants' })
  // What is undefined is left out by reading it again.
  return (change: { [Name in keyof TenantsSearch]?: TenantsSearch[Name] | undefined }) =>
    void navigate({ search: before => readTenantsSearch({ ...before, ...change }), replace: true })
}
