import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import { colleaguesQuery } from '../../../lib/data/inbox-aids.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { CloseIcon, FilterIcon, Icon, SelectIcon, ViewsIcon } from '../../../ui/icons.tsx'
import { openPicker } from '../pickers/picking.ts'
import type { InboxSearch } from '../search.ts'
import type { Change } from './filter-form.tsx'
import { beginSelection } from './selection.ts'

const FilterForm = lazyPart(() => import('./filter-form.tsx'))

/** Filters in force as chips, and the form that changes them. */
export function Filters({ search }: { search: InboxSearch }) {
  const t = useText()
  const numbers = useNumbers() ?? []
  const { data: colleagues = [] } = useQuery({ ...colleaguesQuery, enabled: search.assignee !== undefined })
  const [isOpen, setOpen] = useState(false)
  const change = useChange()
  const number = numbers.find(({ id }) => id === search.number)
  const chips: { text: string; without: Change }[] = [
    ...(search.status === 'any' ? [] : [{ text: t(`inbox.filter.${search.status ?? 'open'}`), without: { status: 'any' } }]),
    ...(search.unread ? [{ text: t('inbox.filter.unread'), without: { unread: undefined } }] : []),
    ...(search.unattended ? [{ text: t('inbox.filter.unattended'), without: { unattended: undefined } }] : []),
    ...(search.window ? [{ text: t(`inbox.filter.window.${search.window}`), without: { window: undefined } }] : []),
    ...(search.sort ? [{ text: t('inbox.filter.waiting'), without: { sort: undefined } }] : []),
    ...(search.assignee
      ? [
          {
            text: colleagues.find(({ id }) => id === search.assignee)?.name ?? t('inbox.filter.assignee'),
            without: { assignee: undefined },
          },
        ]
      : []),
    ...(search.label ? [{ text: t('inbox.filter.label', { label: search.label }), without: { label: undefined } }] : []),
    ...(search.number
      ? [{ text: number ? nameOfNumber(number) : t('inbox.filter.number'), without: { number: undefined } }]
      : []),
  ]
  return (
    <div className="mb-1 grid gap-1">
      <div className="flex min-h-7 flex-wrap items-center gap-1">
        {chips.map(({ text, without }) => (
          <Chip key={text} text={text} onRemove={() => change(without)} />
        ))}
        <Button kind="quiet" small icon={FilterIcon} aria-expanded={isOpen} onClick={() => setOpen(open => !open)}>
          {t('inbox.filter')}
        </Button>
        <span className="ms-auto flex">
          <IconButton small icon={ViewsIcon} label={t('inbox.views.title')} onClick={() => openPicker({ kind: 'views' })} />
          <IconButton small icon={SelectIcon} label={t('inbox.select.begin')} onClick={beginSelection} />
        </span>
      </div>
      <Suspense fallback={null}>{isOpen && <FilterForm search={search} onChange={change} />}</Suspense>
    </div>
  )
}

function useChange(): (change: Change) => void {
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  return change => void navigate({ search: before => ({ ...before, ...change }) as InboxSearch, replace: true })
}

function Chip({ text, onRemove }: { text: string; onRemove(): void }) {
  const t = useText()
  return (
    <span className="inline-flex max-w-full items-center gap-1 rounded-1 border border-brand-line bg-brand-soft ps-1.5 text-meta whitespace-nowrap text-ink">
      <bdi className="truncate">{text}</bdi>
      <button
        type="button"
        aria-label={t('inbox.filter.remove', { filter: text })}
        onClick={onRemove}
        className="grid size-6 place-items-center text-ink-2"
      >
        <Icon of={CloseIcon} size={14} />
      </button>
    </span>
  )
}
