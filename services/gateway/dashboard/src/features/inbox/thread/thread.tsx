import { useInfiniteQuery } from '@tanstack/react-query'
import clsx from 'clsx'
import { useLayoutEffect, useRef } from 'react'
import type { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { inOrder } from '../../../lib/data/message-list.ts'
import { messagesQuery } from '../../../lib/data/messages.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { outboxOf, useOutbox } from '../../../lib/outbox/outbox.ts'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { Tick, tickOf } from '../../../ui/tick.tsx'
import { OutboxBubble } from './outbox-bubble.tsx'
import { useMarkRead } from './use-mark-read.ts'

interface ThreadProps {
  conversationId: string
  conversation: ConversationView | undefined
}

/** Messages of a conversation, the newest at the end, where it stays. */
export function Thread({ conversationId, conversation }: ThreadProps) {
  const t = useText()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(messagesQuery(conversationId))
  const waiting = outboxOf(useOutbox().entries, conversationId)
  const messages = inOrder(data)
  const scroller = useRef<HTMLDivElement>(null)
  const isAtEnd = useAnchoredEnd(scroller, `${messages.at(-1)?.id} ${waiting.length}`)
  useMarkRead(conversation, messages.at(-1), isAtEnd)
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          <Text id="inbox.thread.failed" />
        </ErrorRow>
      )}
      <div className="relative grid min-h-full content-end py-4 ps-5 text-text before:absolute before:inset-y-0 before:end-(--margin) before:border-e before:border-line max-two:ps-3">
        {hasNextPage && (
          <button type="button" className="min-h-8 text-ui text-brand" onClick={() => void fetchNextPage()}>
            {t('inbox.thread.older')}
          </button>
        )}
        {isPending && <Bone width="16rem" height="2.5rem" />}
        {data && messages.length === 0 && waiting.length === 0 && <Empty title={t('inbox.thread.none')} />}
        <ol className="grid gap-[3px]">
          {messages.map(message => (
            <Message key={message.id} message={message} />
          ))}
          {waiting.map(entry => (
            <OutboxBubble key={entry.key} entry={entry} />
          ))}
        </ol>
      </div>
    </div>
  )
}

function Message({ message }: { message: MessageView }) {
  const { time, full } = useFormat()
  const t = useText()
  const isOwn = message.direction === 'OUTBOUND'
  const tick = isOwn ? tickOf(message.status) : null
  const { content } = message
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_var(--margin)]" data-message={message.id}>
      <div className={clsx('flex min-w-0 flex-col pe-3', isOwn ? 'items-end ps-8' : 'items-start')}>
        <div
          dir="auto"
          className={clsx(
            'max-w-[min(var(--text-max),100%)] rounded-3 px-3 py-1.5 wrap-anywhere whitespace-pre-wrap',
            isOwn ? 'bg-bubble-out' : 'border border-line bg-bubble-in',
            message.status === 'FAILED' && 'outline-2 outline-fail',
          )}
        >
          {content.text ?? <span className="text-ink-3">{t('inbox.type.unknown')}</span>}
        </div>
      </div>
      <div className="flex items-end gap-1.5 pb-1.5 ps-3 text-meta text-ink-3 max-two:flex-col max-two:items-start max-two:justify-end max-two:gap-0 max-two:ps-1.5">
        <time dateTime={message.createdAt} title={full(message.createdAt)} className="figures">
          {time(message.createdAt)}
        </time>
        {tick && <Tick state={tick} at={time(message.statusUpdatedAt)} />}
      </div>
    </li>
  )
}

/** Stays at the end while the end is in sight. @returns whether it is */
function useAnchoredEnd(scroller: React.RefObject<HTMLDivElement | null>, last: string): React.RefObject<boolean> {
  const isAtEnd = useRef(true)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const look = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60
    }
    element.addEventListener('scroll', look, { passive: true })
    return () => element.removeEventListener('scroll', look)
  }, [scroller])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is last
  useLayoutEffect(() => {
    if (isAtEnd.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [last, scroller])
  return isAtEnd
}
