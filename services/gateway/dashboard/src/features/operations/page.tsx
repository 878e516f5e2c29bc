import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import { type ComponentType, useEffect, useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { type Action, useRights } from '../../lib/session/rights.ts'
import { Input } from '../../ui/field.tsx'
import { Icon, SearchIcon } from '../../ui/icons.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { useCurrentInView } from '../../ui/use-current-in-view.ts'
import { Audit } from './audit.tsx'
import { Events } from './events.tsx'
import { Find } from './find.tsx'
import { Jobs } from './jobs.tsx'
import { Letters } from './letters.tsx'
import { Overview } from './overview.tsx'
import type { View } from './search.ts'

const TABS: readonly { view: Exclude<View, 'find'>; action: Action }[] = [
  { view: 'overview', action: 'operations.overview' },
  { view: 'events', action: 'webhookEvents.read' },
  { view: 'letters', action: 'deadLetters.read' },
  { view: 'jobs', action: 'jobs.read' },
  { view: 'audit', action: 'auditLog.read' },
]
const PANES: Record<View, ComponentType> = {
  overview: Overview,
  events: Events,
  letters: Letters,
  jobs: Jobs,
  audit: Audit,
  find: Find,
}

/** Where is it, what waits, what failed, and who did what? */
export default function OperationsPage() {
  const t = useText()
  const may = useRights()
  const { view = 'overview' } = useSearch({ from: '/shell/operations' })
  useEffect(() => {
    document.title = `${t('app.nav.operations')} · Linko`
  })
  const links = useCurrentInView(view)
  const tabs = TABS.filter(({ action }) => may(action))
  const isAllowed = view === 'find' ? may('messages.read') : tabs.some(tab => tab.view === view)
  if (tabs.length === 0) return <NoRight />
  const Pane = PANES[view]
  return (
    <div className="mx-auto grid max-w-[80rem] content-start gap-5 p-5 max-two:p-3">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('app.nav.operations')}</h1>
        <FindField />
      </header>
      <nav ref={links} aria-label={t('operations.views')} className="-mx-1 flex gap-1 overflow-x-auto px-1 pb-1">
        {tabs.map(({ view: one }) => (
          <Link
            key={one}
            to="/operations"
            search={one === 'overview' ? {} : { view: one }}
            // The address without a view is not a part of the others.
            activeOptions={{ exact: true, includeSearch: true }}
            aria-current={one === view ? 'page' : undefined}
            className={clsx(
              'rounded-2 border px-3 py-1.5 whitespace-nowrap no-underline',
              one === view ? 'weight-name border-brand bg-brand-soft text-brand' : 'border-line text-ink-2 hover:bg-hover',
            )}
          >
            {t(`operations.view.${one}`)}
          </Link>
        ))}
      </nav>
      {isAllowed ? <Pane /> : <NoRight />}
    </div>
  )
}

/** A message by its id or WhatsApp's, or by its words. */
function FindField() {
  const t = useText()
  const { q = '' } = useSearch({ from: '/shell/operations' })
  const navigate = useNavigate({ from: '/operations' })
  const [typed, setTyped] = useState(q)
  useEffect(() => setTyped(q), [q])
  return (
    <search className="w-80 max-two:w-full">
      <form
        className="relative"
        onSubmit={event => {
          event.preventDefault()
          if (typed.trim()) void navigate({ search: { view: 'find', q: typed.trim() } })
        }}
      >
        <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
        <Input
          type="search"
          dir="auto"
          aria-label={t('operations.find')}
          placeholder={t('operations.find.placeholder')}
          maxLength={512}
          value={typed}
          onChange={event => setTyped(event.target.value)}
          className="ps-8.5"
        />
      </form>
    </search>
  )
}
