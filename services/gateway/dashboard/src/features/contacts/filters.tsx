import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { labelsQuery } from '../../lib/data/inbox-aids.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Check, Input } from '../../ui/field.tsx'
import { Icon, SearchIcon } from '../../ui/icons.tsx'
import { type ContactsSearch, readContactsSearch } from './search.ts'

const PAUSE_MS = 250
const SELECT =
  'min-h-(--control) max-w-52 rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem]'

/** Search and filters; both are in the address. */
export function Filters() {
  const t = useText()
  const { q = '', optOut, blocked, label } = useSearch({ from: '/shell/contacts' })
  const { data: labels = [] } = useQuery(labelsQuery)
  const change = useChange()
  const names = [...new Set([...labels.map(({ name }) => name), ...(label ? [label] : [])])]
  return (
    <search className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <SearchField q={q} onChange={typed => change({ q: typed || undefined })} />
      <select
        aria-label={t('contacts.filter.optOut')}
        value={optOut === undefined ? '' : String(optOut)}
        onChange={({ target: { value } }) => change({ optOut: value === '' ? undefined : value === 'true' })}
        className={SELECT}
      >
        <option value="">{t('contacts.filter.everybody')}</option>
        <option value="false">{t('contacts.filter.reachable')}</option>
        <option value="true">{t('contacts.filter.optedOut')}</option>
      </select>
      {names.length > 0 && (
        <select
          aria-label={t('contacts.labels')}
          value={label ?? ''}
          onChange={({ target: { value } }) => change({ label: value || undefined })}
          className={SELECT}
        >
          <option value="">{t('contacts.filter.anyLabel')}</option>
          {names.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <Check
        label={t('contacts.filter.blocked')}
        checked={blocked === true}
        onChange={({ target: { checked } }) => change({ blocked: checked || undefined })}
      />
    </search>
  )
}

function useChange() {
  const navigate = useNavigate({ from: '/contacts' })
  // What is undefined is left out by reading it again.
  return (change: { [Name in keyof ContactsSearch]?: ContactsSearch[Name] | undefined }) =>
    void navigate({ search: before => readContactsSearch({ ...before, ...change }), replace: true })
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
        aria-label={t('contacts.search')}
        placeholder={t('contacts.search')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="ps-8.5"
      />
    </div>
  )
}
