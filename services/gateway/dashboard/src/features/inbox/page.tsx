import { useParams } from '@tanstack/react-router'
import clsx from 'clsx'
import { CrashBoundary } from '../../ui/crash.tsx'
import { ListPane } from './list/list-pane.tsx'
import { NothingOpen } from './nothing-open.tsx'
import { ThreadPane } from './thread/thread-pane.tsx'
import { useInboxKeys } from './use-inbox-keys.ts'

/** List, thread and contact. One pane on phones, where list and thread are two addresses; two from 768 px; three from 1280 px. */
export default function InboxPage() {
  const { conversationId } = useParams({ from: '/shell/inbox/{-$conversationId}' })
  const isOpen = conversationId !== undefined
  useInboxKeys(conversationId ?? null)
  return (
    <div
      data-open={isOpen || undefined}
      className="grid h-full grid-cols-[var(--list)_minmax(0,1fr)] two:max-[63.99rem]:grid-cols-[17.5rem_minmax(0,1fr)] max-two:grid-cols-1"
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
          {isOpen ? <ThreadPane key={conversationId} conversationId={conversationId} /> : <NothingOpen />}
        </CrashBoundary>
      </section>
    </div>
  )
}
