import { type UseInfiniteQueryResult, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import type { Pages } from '../../../lib/data/conversation-list.ts'
import { conversationCountQuery } from '../../../lib/data/conversations.ts'
import { useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { Button } from '../../../ui/button.tsx'
import { CheckIcon, FilterIcon, Icon, UpIcon } from '../../../ui/icons.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { type InboxSearch, isFiltered, type Tab } from '../search.ts'
import { ConversationRow } from './conversation-row.tsx'
import { useShownIds } from './next-conversation.ts'
import { SelectBox } from './select-box.tsx'
import { useUnreadTitle } from './unread-title.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useRowLinks } from './use-row-links.ts'

const FirstSteps = lazyPart(() => import('../first-steps/first-steps.tsx'), 'features/inbox/first-steps')

type ListQuery = UseInfiniteQueryResult<Pages<ConversationView>, Error>

interface ConversationListProps {
  query: ListQuery
  search: InboxSearch
  tab: Tab
  openId: string | null
}

/** The rows, of which only those in sight are in the page. A row that moves takes the focus along. */
export function ConversationList({ query, search, tab, openId }: ConversationListProps) {
  const { data, error, isPending, refetch, dataUpdatedAt } = query
  const rows = useMemo(() => data?.pages.flatMap(page => page.data) ?? [], [data])
  const { time } = useFormat()
  useEffect(() => useShownIds.setState({ ids: rows.map(({ id }) => id) }), [rows])
  useUnreadTitle(rows.filter(({ unreadCount }) => unreadCount > 0).length)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {data ? (
            <Text id="inbox.list.stale" values={{ at: <bdi className="figures">{time(new Date(dataUpdatedAt))}</bdi> }} />
          ) : (
            <Text id="inbox.list.failed" />
          )}
        </ErrorRow>
      )}
      {isPending && <Skeletons />}
      {data && rows.length === 0 && <NoRows search={search} tab={tab} />}
      {rows.length > 0 && <Rows rows={rows} query={query} openId={openId} />}
    </>
  )
}

function Rows({ rows, query, openId }: { rows: ConversationView[]; query: ListQuery; openId: string | null }) {
  const t = useText()
  const scroller = useRef<HTMLDivElement>(null)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const rowHeight = useRowHeight()
  const [at, setAt] = useState<string | null>(null)
  // The row that has the focus is never taken out of the page.
  const focused = at === null ? -1 : rows.findIndex(({ id }) => id === at)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: index => rows[index]?.id ?? index,
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) =>
      withIndex(startIndex - overscan, endIndex + overscan, count, focused),
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= rows.length - 10) void fetchNextPage()
  }, [lastShown, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage])
  const stop = at ?? openId ?? rows[0]?.id ?? null
  const onKeyDown = useRowKeys({ rows, at: stop, scrollTo: index => virtual.scrollToIndex(index), onMove: setAt })
  const hasSeveralNumbers = (useNumbers()?.length ?? 0) > 1
  const { hrefOf, ...pointing } = useRowLinks()
  const { news, showNews } = useNews(rows, scroller)
  return (
    <div ref={scroller} className="relative min-h-0 flex-1 overflow-auto border-t border-line">
      {news > 0 && <NewsPill count={news} onShow={showNews} />}
      <ul
        id="inbox-list"
        aria-label={t('inbox.conversations')}
        onKeyDown={onKeyDown}
        {...pointing}
        className="relative"
        style={{ blockSize: virtual.getTotalSize() }}
      >
        {items.map(({ index, key, start }) => {
          const row = rows[index]
          return row ? (
            <li
              key={key}
              aria-setsize={hasNextPage ? -1 : rows.length}
              aria-posinset={index + 1}
              className="group/row absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start}px)` }}
              onFocus={() => setAt(row.id)}
            >
              <ConversationRow
                conversation={row}
                href={hrefOf(row.id)}
                isOpen={row.id === openId}
                isStop={row.id === stop}
                showsNumber={hasSeveralNumbers}
              />
              <SelectBox conversation={row} isStop={row.id === stop} />
            </li>
          ) : null
        })}
      </ul>
    </div>
  )
}

/** Indexes of a range, and one more that must stay. */
function withIndex(from: number, to: number, count: number, more: number): number[] {
  const indexes = []
  for (let i = Math.max(0, from); i <= Math.min(count - 1, to); i++) indexes.push(i)
  if (more >= 0 && !indexes.includes(more)) indexes.push(more)
  return indexes.sort((a, b) => a - b)
}

/** `--row` in pixels: fingers get higher rows. */
function useRowHeight(): number {
  const [height] = useState(() => {
    const size = getComputedStyle(document.documentElement).getPropertyValue('--row')
    const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
    return (Number.parseFloat(size) || 4) * root
  })
  return height
}

/** How many conversations have come to the top while somebody reads further down. */
function useNews(rows: ConversationView[], scroller: React.RefObject<HTMLDivElement | null>) {
  const [seen, setSeen] = useState(() => new Set(rows.map(row => `${row.id} ${row.lastMessage?.at}`)))
  const [isAway, setAway] = useState(false)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const look = () => setAway(element.scrollTop > 100)
    element.addEventListener('scroll', look, { passive: true })
    return () => element.removeEventListener('scroll', look)
  }, [scroller])
  useEffect(() => {
    if (!isAway) setSeen(new Set(rows.map(row => `${row.id} ${row.lastMessage?.at}`)))
  }, [rows, isAway])
  const firstKnown = rows.findIndex(row => seen.has(`${row.id} ${row.lastMessage?.at}`))
  return {
    news: isAway && firstKnown > 0 ? firstKnown : 0,
    showNews: () => scroller.current?.scrollTo({ top: 0 }),
  }
}

function NewsPill({ count, onShow }: { count: number; onShow(): void }) {
  return (
    <button
      type="button"
      onClick={onShow}
      className="weight-name sticky top-2 z-sticky mx-auto mt-2 -mb-9 flex h-7 w-fit items-center gap-1 rounded-full bg-brand ps-3 pe-2 text-meta text-on-brand shadow-2"
    >
      <Text id="inbox.news" values={{ n: count }} />
      <Icon of={UpIcon} size={14} />
    </button>
  )
}

function NoRows({ search, tab }: { search: InboxSearch; tab: Tab }) {
  const t = useText()
  const numbers = useNumbers()
  // Of the whole account: closed conversations count, too.
  const { data: all, error } = useQuery({ ...conversationCountQuery({}), enabled: !isFiltered(search) })
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  if (isFiltered(search))
    return (
      <Empty
        icon={FilterIcon}
        title={t('inbox.none.match')}
        action={<Button onClick={() => void navigate({ search: tab === 'mine' ? {} : { tab } })}>{t('inbox.none.clear')}</Button>}
      />
    )
  if (numbers?.length === 0 || all?.total === 0)
    return (
      <Suspense fallback={null}>
        <FirstSteps />
      </Suspense>
    )
  // Nobody is told that all is answered before it is known.
  if (all === undefined && !error) return null
  return (
    <Empty
      icon={CheckIcon}
      title={t('inbox.none.answered')}
      text={t(tab === 'all' ? 'inbox.none.all' : 'inbox.none.answered.text')}
    />
  )
}

function Skeletons() {
  return (
    <div aria-hidden="true" className="border-t border-line">
      {['60%', '45%', '70%', '50%', '65%', '40%', '55%', '62%'].map(width => (
        <div key={width} className="flex h-(--row) items-center gap-2.5 border-b border-line px-3">
          <span className="pulsing size-10 shrink-0 rounded-full bg-line" />
          <span className="grid flex-1 gap-2">
            <Bone width={width} />
            <Bone width="85%" />
          </span>
        </div>
      ))}
    </div>
  )
}
