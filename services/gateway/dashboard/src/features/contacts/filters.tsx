import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { labelsQuery } from '../../lib/data/inbox-aids.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Check } from '../../ui/field.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { type ContactsSearch, readContactsSearch } from './search.ts'

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
      <SearchField label={t('contacts.search')} q={q} onChange={typed => change({ q: typed || undefined })} />
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
