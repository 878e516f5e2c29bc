import { useNavigate, useSearch } from '@tanstack/react-router'
import { useText } from '../../lib/i18n/text.tsx'
import { Input } from '../../ui/field.tsx'
import { useTyped } from '../../ui/use-typed.ts'
import { CATEGORIES, STATES, type TemplatesSearch } from './search.ts'

const SELECT =
  'min-h-(--control) rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem] max-two:flex-1'

type Change = Partial<Record<keyof TemplatesSearch, string | undefined>>

/** Changes what the address says. */
export function useSearchChange(): (change: Change) => void {
  const navigate = useNavigate({ from: '/templates' })
  return change => void navigate({ search: before => ({ ...before, ...change }) as TemplatesSearch, replace: true })
}

/** Words, state and category; all of it stands in the address. */
export function Filters() {
  const t = useText()
  const { status = '', category = '' } = useSearch({ from: '/shell/templates' })
  const change = useSearchChange()
  return (
    <div className="flex flex-wrap gap-2">
      <SearchField />
      <select
        aria-label={t('templates.filter.status')}
        value={status}
        onChange={event => change({ status: event.target.value || undefined })}
        className={SELECT}
      >
        <option value="">{t('templates.filter.everyStatus')}</option>
        {STATES.map(state => (
          <option key={state} value={state}>
            {t(`templates.status.${state}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t('templates.category')}
        value={category}
        onChange={event => change({ category: event.target.value || undefined })}
        className={SELECT}
      >
        <option value="">{t('templates.filter.everyCategory')}</option>
        {CATEGORIES.map(one => (
          <option key={one} value={one}>
            {t(`templates.category.${one}`)}
          </option>
        ))}
      </select>
    </div>
  )
}

/** What is typed goes into the address after a pause. */
function SearchField() {
  const t = useText()
  const { q = '' } = useSearch({ from: '/shell/templates' })
  const change = useSearchChange()
  const [typed, setTyped] = useTyped(q, settled => change({ q: settled || undefined }))
  return (
    <div className="min-w-56 flex-1">
      <Input
        type="search"
        dir={typed ? 'auto' : undefined}
        aria-label={t('templates.search')}
        placeholder={t('templates.search')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
    </div>
  )
}
