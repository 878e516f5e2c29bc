import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { MessageTimelineView } from '#shared/contracts/timeline.ts'
import { get } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { onLiveEvent } from '../../../lib/realtime/live.ts'
import { IconButton } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { CloseIcon } from '../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { useBorrowedFocus } from '../../../ui/use-borrowed-focus.ts'
import type { InboxSearch } from '../search.ts'
import { HopList } from './hop-list.tsx'
import { Station } from './station.tsx'

const SHORT_MS = 5000

/** Where a message is and why: each step with its time, then each hop through the platform. Its address is its own; Esc closes it, and the focus returns. */
export default function TimelinePane({ messageId, asDrawer }: { messageId: string; asDrawer: boolean }) {
  const t = useText()
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const heading = useRef<HTMLHeadingElement>(null)
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: keys.timeline(messageId),
    queryFn: ({ signal }) => get<MessageTimelineView>(`/messages/by-id/${messageId}/timeline`, undefined, signal),
    staleTime: SHORT_MS,
  })
  useEffect(
    () =>
      onLiveEvent(({ event }) => {
        if (event.messageId !== messageId) return
        for (const queryKey of [keys.timeline(messageId), keys.trace(messageId)]) void queries.invalidateQueries({ queryKey })
      }),
    [messageId, queries],
  )
  useBorrowedFocus(heading)
  const close = () => void navigate({ search: ({ message: _message, ...search }) => search as InboxSearch, replace: true })
  return (
    <aside
      data-pane="timeline"
      aria-label={t('timeline.title')}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        event.preventDefault()
        close()
      }}
      className={
        asDrawer
          ? 'fixed inset-y-0 end-0 z-drawer w-full max-w-104 overflow-auto border-s border-line bg-sheet p-4 shadow-3'
          : 'min-h-0 overflow-auto border-s border-line p-4'
      }
    >
      <header className="flex items-center justify-between gap-2">
        <h2 ref={heading} tabIndex={-1} className="outline-none">
          {t('timeline.title')}
        </h2>
        <span className="flex">
          {data && <CopyButton text={JSON.stringify(data, null, 2)} label={t('timeline.copy')} />}
          <IconButton icon={CloseIcon} label={t('ui.close')} onClick={close} />
        </span>
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('timeline.failed')}
        </ErrorRow>
      )}
      {data ? <Steps timeline={data} /> : !error && <Bone width="100%" height="8rem" />}
      {data && <HopList messageId={messageId} />}
    </aside>
  )
}

function Steps({ timeline: { steps, totals, isTruncated } }: { timeline: MessageTimelineView }) {
  const t = useText()
  return (
    <>
      <Summary totals={totals} />
      {isTruncated && <p className="mt-2 text-ink-3">{t('timeline.truncated')}</p>}
      <ol data-line="steps" className="mt-4">
        {steps.map((step, i) => (
          <Station key={`${step.kind} ${step.at} ${step.attempt} ${step.reason}`} step={step} isLast={i === steps.length - 1} />
        ))}
      </ol>
    </>
  )
}

/** One sentence: how far it has come, and how long that took. */
function Summary({ totals: { sentMs, deliveredMs, readMs } }: { totals: MessageTimelineView['totals'] }) {
  const { duration } = useFormat()
  const [id, ms] =
    readMs !== null
      ? (['timeline.read.after', readMs] as const)
      : deliveredMs !== null
        ? (['timeline.delivered.after', deliveredMs] as const)
        : sentMs !== null
          ? (['timeline.sent.after', sentMs] as const)
          : (['timeline.notSent', null] as const)
  return (
    <p className="mt-2 text-ink-2">
      <Text id={id} values={ms === null ? {} : { time: duration(ms) }} />
    </p>
  )
}
