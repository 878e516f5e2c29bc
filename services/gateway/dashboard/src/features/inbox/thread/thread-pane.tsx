import { useQuery } from '@tanstack/react-query'
import { Suspense } from 'react'
import { Problem } from '../../../lib/api/problem.ts'
import { conversationQuery } from '../../../lib/data/conversations.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { SearchIcon } from '../../../ui/icons.tsx'
import { Empty, ErrorRow } from '../../../ui/states.tsx'
import { Announcer } from './announcer.tsx'
import { Thread } from './thread.tsx'
import { ThreadHead } from './thread-head.tsx'
import { useJoined } from './use-joined.ts'
import { useTimelineKey } from './use-timeline-key.ts'

/** A chunk of its own: the thread is there before somebody writes. */
const Composer = lazyPart(async () => ({ default: (await import('../composer/composer.tsx')).Composer }))

/** Did my last message arrive, and how long may I write? */
export function ThreadPane({ conversationId }: { conversationId: string }) {
  const t = useText()
  const { data: conversation, error, refetch } = useQuery(conversationQuery(conversationId))
  useJoined(conversationId)
  useTimelineKey(conversationId)
  if (error instanceof Problem && (error.status === 404 || error.status === 400))
    return <Empty icon={SearchIcon} title={t('inbox.thread.gone')} text={t('inbox.thread.gone.text')} />
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          <Text id="inbox.thread.failed" />
        </ErrorRow>
      )}
      <ThreadHead conversation={conversation} />
      <Thread conversationId={conversationId} conversation={conversation} />
      <Suspense fallback={<div className="h-38 border-t border-line bg-raised" />}>
        {conversation && <Composer conversation={conversation} />}
      </Suspense>
      <Announcer conversationId={conversationId} />
    </>
  )
}
