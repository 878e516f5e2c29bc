import { useParams, useSearch } from '@tanstack/react-router'
import clsx from 'clsx'
import { Suspense, useEffect } from 'react'
import { whenIdle } from '../../lib/idle.ts'
import { lazyPart } from '../../lib/lazy-part.ts'
import { fetchChunk } from '../../lib/load-chunk.ts'
import { useMediaQuery, WIDE } from '../../lib/media-query.ts'
import { CrashBoundary } from '../../ui/crash.tsx'
import { ListPane } from './list/list-pane.tsx'
import { loadThread } from './load-thread.ts'
import { NothingOpen } from './nothing-open.tsx'
import { Pickers } from './pickers/pickers.tsx'
import { useInboxKeys } from './use-inbox-keys.ts'

const ThreadPane = lazyPart(loadThread)
const SidePane = lazyPart(() => import('./side/side-pane.tsx'), 'features/inbox/side')
const TimelinePane = lazyPart(() => import('./timeline/timeline-pane.tsx'), 'features/inbox/timeline')

/** List, thread and contact. One pane on phones, where list and thread are two addresses; two from 768 px; three from 1280 px. */
export default function InboxPage() {
  const { conversationId } = useParams({ from: '/shell/inbox/{-$conversationId}' })
  const { contact, message } = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  const isWide = useMediaQuery(WIDE)
  const isOpen = conversationId !== undefined
  useInboxKeys(conversationId ?? null)
  // The first conversation that is opened does not wait for the network.
  useEffect(() => whenIdle(() => fetchChunk(loadThread)), [])
  return (
    <div
      data-open={isOpen || undefined}
      className={clsx(
        'grid h-full grid-cols-[var(--list)_minmax(0,1fr)] two:max-[63.99rem]:grid-cols-[17.5rem_minmax(0,1fr)] max-two:grid-cols-1',
        isOpen && 'three:grid-cols-[var(--list)_minmax(0,1fr)_var(--side)]',
      )}
    >
      <section
        data-pane="list"
        className={clsx('flex min-h-0 min-w-0 flex-col border-line two:border-e', isOpen && 'max-two:hidden')}
      >
        <CrashBoundary>
          <ListPane openId={conversationId ?? null} />
        </CrashBoundary>
      </section>
      <section
        data-pane="thread"
        className={clsx('@container/thread flex min-h-0 min-w-0 flex-col', !isOpen && 'max-two:hidden')}
      >
        <CrashBoundary key={conversationId}>
          {isOpen ? (
            <Suspense fallback={null}>
              <ThreadPane key={conversationId} conversationId={conversationId} />
            </Suspense>
          ) : (
            <NothingOpen />
          )}
        </CrashBoundary>
      </section>
      {isOpen && (isWide || contact === true || message !== undefined) && (
        <CrashBoundary key={`contact ${conversationId}`}>
          <Suspense fallback={isWide ? <div className="border-s border-line" /> : null}>
            {message ? (
              <TimelinePane key={message} messageId={message} asDrawer={!isWide} />
            ) : (
              <SidePane key={conversationId} conversationId={conversationId} asDrawer={!isWide} />
            )}
          </Suspense>
        </CrashBoundary>
      )}
      <Pickers />
    </div>
  )
}
