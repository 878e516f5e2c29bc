import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Suspense } from 'react'
import { conversationCountQuery, conversationListQuery } from '../../../lib/data/conversations.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { ConnectionBadge } from '../../../ui/connection-badge.tsx'
import { filtersOf, type InboxSearch, TABS, type Tab } from '../search.ts'
import { ConversationList } from './conversation-list.tsx'
import { Filters } from './filters.tsx'
import { SearchField } from './search-field.tsx'
import { useSelection } from './selection.ts'

const SelectionBar = lazyPart(() => import('./selection-bar.tsx'))

/** Who waits for me, and whose window closes? */
export function ListPane({ openId }: { openId: string | null }) {
  const t = useText()
  const search = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  const tab = search.tab ?? 'mine'
  const list = useInfiniteQuery(conversationListQuery(filtersOf(search, tab)))
  const isSelecting = useSelection(({ isOn }) => isOn)
  return (
    <>
      <header className="grid grid-cols-[minmax(0,1fr)] gap-2 px-3 pt-2">
        <div className="flex min-h-9 items-center gap-1">
          <h1 className="me-auto">{t('inbox.title')}</h1>
          <ConnectionBadge inline />
        </div>
        <SearchField />
        {isSelecting ? (
          <Suspense fallback={null}>
            <SelectionBar rows={list.data?.pages.flatMap(page => page.data) ?? []} />
          </Suspense>
        ) : (
          <>
            <Tabs search={search} tab={tab} />
            <Filters search={search} />
          </>
        )}
      </header>
      {/* There with and without rows: the tabs point to it. */}
      <div id="inbox-panel" role="tabpanel" aria-label={t(`inbox.tab.${tab}`)} className="flex min-h-0 flex-1 flex-col">
        <ConversationList query={list} search={search} tab={tab} openId={openId} />
      </div>
    </>
  )
}

function Tabs({ search, tab }: { search: InboxSearch; tab: Tab }) {
  const t = useText()
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  return (
    <div
      role="tablist"
      aria-label={t('inbox.tabs')}
      className="-mx-3 flex gap-4 overflow-x-auto border-b border-line px-3 [scrollbar-width:none]"
    >
      {TABS.map(name => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === tab}
          aria-controls="inbox-panel"
          tabIndex={name === tab ? 0 : -1}
          onClick={() =>
            void navigate({
              search: before => ({ ...before, tab: name === 'mine' ? undefined : name }) as InboxSearch,
              replace: true,
            })
          }
          onKeyDown={event => moveTab(event)}
          className="-mb-px inline-flex min-h-9 min-w-6 pointer-coarse:min-h-11 pointer-coarse:min-w-11 items-center justify-center gap-1.5 border-b-2 border-transparent whitespace-nowrap text-ink-2 aria-selected:border-brand aria-selected:font-semibold aria-selected:text-brand"
        >
          {t(`inbox.tab.${name}`)} <TabCount search={search} tab={name} />
        </button>
      ))}
    </div>
  )
}

/** The arrow that points forward in the direction of reading goes forward. */
function moveTab(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const isRtl = document.documentElement.dir === 'rtl'
  const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const tabs = [...(event.currentTarget.parentElement?.children ?? [])] as HTMLButtonElement[]
  const next = tabs.at((tabs.indexOf(event.currentTarget) + step) % tabs.length)
  next?.focus()
  next?.click()
}

function TabCount({ search, tab }: { search: InboxSearch; tab: Tab }) {
  const { number } = useFormat()
  const t = useText()
  const { data } = useQuery(conversationCountQuery(filtersOf(search, tab)))
  if (data === undefined) return null
  const shown = number(data.total)
  return (
    <span className="figures text-meta font-medium text-ink-3">
      {data.totalIsExact ? shown : t('inbox.over', { count: shown })}
    </span>
  )
}
