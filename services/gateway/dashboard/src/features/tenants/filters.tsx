import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { Input } from '../../ui/field.tsx'
import { Icon, SearchIcon } from '../../ui/icons.tsx'
import { readTenantsSearch, TENANT_STATES, type TenantsSearch } from './search.ts'

const PAUSE_MS = 250

/** Search by name, and the state; both are in the address. */
export function Filters() {
  const t = useText()
  const { q = '', status } = useSearch({ from: '/shell/tenants' })
  const change = useSearchChange()
  return (
    <search className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <SearchField q={q} onChange={typed => change({ q: typed || undefined })} />
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

/** What is typed goes into the address after a pause. */
function SearchField({ q, onChange }: { q: string; onChange(typed: string): void }) {
  const t = useText()
  const [typed, setTyped] = useState(q)
  const settled = typed.trim()
  useEffect(() => setTyped(now => (now.trim() === q ? now : q)), [q])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is done is new in each render, what was typed is not
  useEffect(() => {
    if (settled === q) return
    const timer = setTimeout(() => onChange(settled), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [settled, q])
  return (
    <div className="relative min-w-60 flex-1 max-two:min-w-full">
      <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
      <Input
        type="search"
        dir="auto"
        maxLength={100}
        aria-label={t('tenants.search')}
        placeholder={t('tenants.search')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="ps-8.5"
      />
    </div>
  )
}
