import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import { useEffect } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { useMinute } from '../../lib/clock.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { sampleText } from '../../lib/templates/sample-text.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Icon, PlusIcon, RefreshIcon, TemplatesIcon } from '../../ui/icons.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Empty, ErrorRow, ListBones } from '../../ui/states.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { type Template, templatesQuery, useSync } from './data.ts'
import { Filters, useSearchChange } from './filters.tsx'
import { LanguageName, Preview } from './preview.tsx'
import { CategoryName, hasWhy, Quality, StateTag, Why } from './state.tsx'

/** Which templates can be sent now, and which were refused, and why? */
export default function TemplatesPage() {
  const t = useText()
  const mayList = useMay('templates.list')
  const [maySync, mayWrite] = [useMay('templates.sync'), useMay('templates.write')]
  useEffect(() => {
    document.title = `${t('app.nav.templates')} · Linko`
  })
  if (!mayList) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-4 p-5 max-two:p-3">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('app.nav.templates')}</h1>
        <div className="flex flex-wrap items-center gap-3">
          {maySync && <SyncButton />}
          {mayWrite && <NewTemplate />}
        </div>
      </header>
      <Templates />
    </div>
  )
}

function NewTemplate() {
  const t = useText()
  return (
    <Link to="/templates/new" className={`${buttonClass({ kind: 'primary' })} no-underline`}>
      <Icon of={PlusIcon} />
      {t('templates.new')}
    </Link>
  )
}

/** Reads all templates from WhatsApp; says when that was last done. */
function SyncButton() {
  const t = useText()
  const { listTime } = useFormat()
  const now = useMinute()
  const { last, running, start } = useSync()
  const fail = (error: unknown) =>
    showToast({
      kind: 'fail',
      text: (
        <>
          {t('templates.sync.failed')} <bdi>{error instanceof Problem ? error.detail : null}</bdi>
        </>
      ),
    })
  return (
    <div className="flex flex-wrap items-center gap-3">
      <span className="text-meta text-ink-3" aria-live="polite">
        {running && t('templates.sync.running')}
        {!running && last?.status === 'DONE' && (
          <Text id="templates.sync.done" values={{ at: listTime(last.updatedAt, new Date(now)) }} />
        )}
        {!running && last?.status === 'FAILED' && (
          <>
            {t('templates.sync.failed')} <bdi>{last.error}</bdi>
          </>
        )}
      </span>
      <Button icon={RefreshIcon} busy={running} onClick={() => start(undefined, { onError: fail })}>
        {t('templates.sync')}
      </Button>
    </div>
  )
}

function Templates() {
  const t = useText()
  const { status, category, q = '', open } = useSearch({ from: '/shell/templates' })
  const change = useSearchChange()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    templatesQuery({ status, category }),
  )
  const all = data?.pages.flatMap(page => page.data) ?? []
  const found = all.filter(template => hasWords(template, q))
  // The server does not search in templates, so all of them are read for that.
  const readsOn = q !== '' && hasNextPage && !isFetchingNextPage && !error
  useEffect(() => {
    if (readsOn) void fetchNextPage()
  }, [readsOn, fetchNextPage])
  const isFiltered = Boolean(status || category || q)
  const isEmpty = data !== undefined && found.length === 0 && !(q && hasNextPage)
  return (
    <div className={clsx('grid items-start gap-5', open && 'two:grid-cols-[minmax(0,1fr)_20rem]')}>
      <div className={clsx('grid gap-3', open && 'max-two:hidden')} data-pane tabIndex={-1}>
        <Filters />
        {error && (
          <ErrorRow error={error} onRetry={() => void refetch()}>
            {t('templates.list.failed')}
          </ErrorRow>
        )}
        {isPending && !error && <ListBones />}
        {isEmpty && <NoTemplates isFiltered={isFiltered} />}
        {found.length > 0 && (
          <ul className="border-b border-line">
            {found.map(template => (
              <Row key={template.id} template={template} isOpen={template.id === open} />
            ))}
          </ul>
        )}
        {hasNextPage && (
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('templates.more')}
          </Button>
        )}
      </div>
      {open && (
        <Preview key={open} id={open} listed={all.find(({ id }) => id === open)} onClose={() => change({ open: undefined })} />
      )}
    </div>
  )
}

function NoTemplates({ isFiltered }: { isFiltered: boolean }) {
  const t = useText()
  const change = useSearchChange()
  const mayWrite = useMay('templates.write')
  if (!isFiltered)
    return (
      <Empty
        icon={TemplatesIcon}
        title={t('templates.none')}
        text={t('templates.none.text')}
        action={
          mayWrite && (
            <Link to="/templates/new" className={buttonClass({})}>
              {t('templates.new')}
            </Link>
          )
        }
      />
    )
  return (
    <Empty
      icon={TemplatesIcon}
      title={t('templates.noneFound')}
      action={
        <Button onClick={() => change({ status: undefined, category: undefined, q: undefined })}>
          {t('templates.filter.clear')}
        </Button>
      }
    />
  )
}

function Row({ template, isOpen }: { template: Template; isOpen: boolean }) {
  const { name, language, category, quality } = template
  return (
    <li className={clsx('relative grid gap-1 border-t border-line px-2 py-2.5', isOpen ? 'bg-brand-soft' : 'hover:bg-hover')}>
      <p className="flex flex-wrap items-center gap-x-2">
        <Link
          from="/templates"
          to="/templates"
          search={before => ({ ...before, open: template.id })}
          aria-current={isOpen ? 'true' : undefined}
          className="weight-name min-w-0 truncate font-mono after:absolute after:inset-0"
        >
          <bdi dir="ltr">{name}</bdi>
        </Link>
        <StateTag template={template} />
      </p>
      <p className="text-meta text-ink-3">
        <LanguageName code={language} /> · <CategoryName category={category} /> · <Quality quality={quality} />
      </p>
      {hasWhy(template) && (
        <div className="grid text-meta text-ink-2">
          <Why template={template} />
        </div>
      )}
    </li>
  )
}

/** Whether the name or a text of the template has every word. */
function hasWords({ name, components, variables }: Template, q: string): boolean {
  const text = [name, name.replaceAll('_', ' '), ...components.map(part => sampleText(part, variables))].join('\n').toLowerCase()
  return q
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}
