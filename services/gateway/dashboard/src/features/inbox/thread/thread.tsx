import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { messagesQuery } from '../../../lib/data/messages.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { quote } from '../message/message-tools.tsx'
import { idOf } from './items.ts'
import { OutboxBubble } from './outbox-bubble.tsx'
import { type Row, Rows } from './rows.tsx'
import { useAnchoredEnd } from './use-anchored-end.ts'
import { useMarkRead } from './use-mark-read.ts'
import { useNewestOnly } from './use-newest-only.ts'
import { useOlder } from './use-older.ts'
import { useRows } from './use-rows.ts'

interface ThreadProps {
  conversationId: string
  conversation: ConversationView | undefined
}

/** Messages of a conversation, the newest at the end, where it stays. */
export function Thread({ conversationId, conversation }: ThreadProps) {
  const t = useText()
  const query = useInfiniteQuery(messagesQuery(conversationId))
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = query
  const { loaded, messages, parts, waiting } = useRows(conversationId, data, !hasNextPage)
  const count = parts.reduce((sum, rows) => sum + rows.length, 0)
  const [activeId, setActiveId] = useState<string | null>(null)
  // Tab comes to one row, the last one unless arrows went to another.
  const active = messages.find(({ id }) => id === activeId) ?? messages.at(-1)
  const scroller = useRef<HTMLDivElement>(null)
  const { isAtEnd, top } = useAnchoredEnd(scroller, `${count} ${waiting.length}`)
  useMarkRead(conversation, loaded.at(-1), isAtEnd)
  const mark = useRef<HTMLButtonElement>(null)
  const load = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const jump = useCallback((id: string) => jumpTo(scroller.current, id), [])
  const mayLoad = hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError
  useOlder({ scroller, top, mark, mayLoad, load })
  useNewestOnly(conversationId, data, isAtEnd)
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          <Text id="inbox.thread.failed" />
        </ErrorRow>
      )}
      <div className="relative grid min-h-full content-end py-4 ps-5 text-text before:absolute before:inset-y-0 before:end-(--margin) before:[overflow-anchor:none] before:border-e before:border-line max-two:ps-3">
        {hasNextPage && (
          <button ref={mark} type="button" className="min-h-8 text-ui text-brand" onClick={load}>
            {t('inbox.thread.older')}
          </button>
        )}
        {isPending && <Bone width="16rem" height="2.5rem" />}
        {data && count === 0 && waiting.length === 0 && <Empty title={t('inbox.thread.none')} />}
        <section
          aria-label={t('inbox.thread.messages')}
          className="space-y-[3px]"
          onFocus={({ target }) => setActiveId(target.closest<HTMLElement>('[data-message]')?.dataset.message ?? null)}
          onKeyDown={event => moveByKey(event, active)}
        >
          {parts.map((rows, i) => (
            <Rows
              key={i === parts.length - 1 ? 'newest' : idOf((rows[0] as Row).item)}
              rows={rows}
              isLast={i === parts.length - 1}
              activeId={rows.some(({ item }) => idOf(item) === active?.id) ? (active?.id ?? null) : null}
              onJump={jump}
            />
          ))}
          {waiting.length > 0 && (
            <ol className="space-y-[3px]">
              {waiting.map(entry => (
                <OutboxBubble key={entry.key} entry={entry} />
              ))}
            </ol>
          )}
        </section>
      </div>
    </div>
  )
}

/** Arrows go from message to message; R answers the one that has the focus. */
function moveByKey(event: React.KeyboardEvent<HTMLElement>, active: MessageView | undefined): void {
  const row = event.target as HTMLElement
  if (row.dataset.message === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  if (event.key.toLowerCase() === 'r' && active && quote(active)) {
    event.preventDefault()
    return
  }
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')]
  const at = rows.indexOf(row)
  const next = { ArrowUp: rows[at - 1], ArrowDown: rows[at + 1], Home: rows[0], End: rows.at(-1) }[event.key]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

/** Shows a message of the thread and marks it for a moment. */
function jumpTo(scroller: HTMLElement | null, messageId: string): void {
  const row = scroller?.querySelector(`[data-message="${CSS.escape(messageId)}"]`)
  if (!row) return
  row.scrollIntoView({ block: 'center' })
  row.animate?.([{ backgroundColor: 'var(--brand-soft)' }, { backgroundColor: 'transparent' }], 1600)
}
