import clsx from 'clsx'
import { memo, type ReactNode } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { nameOf } from '../../../lib/data/contact-name.ts'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useDrafts } from '../../../lib/drafts.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { usePresence } from '../../../lib/realtime/live-store.ts'
import { ContactAvatar } from '../../../ui/avatar.tsx'
import { FailIcon, Icon } from '../../../ui/icons.tsx'
import { initialsOf } from '../../../ui/initials.ts'
import { Count } from '../../../ui/tag.tsx'
import { Tick, tickOf } from '../../../ui/tick.tsx'
import { HOUR_MS, leftOf } from '../../../ui/window.ts'
import { LastText } from './last-text.tsx'

interface RowProps {
  conversation: ConversationView
  href: string
  isOpen: boolean
  /** Has the list's one tab stop. */
  isStop: boolean
  showsNumber: boolean
}

/** 64 px, two lines, and the margin with time above and count, assignee or minutes below. One link, whose clicks the list takes. */
export const ConversationRow = memo(function ConversationRow({ conversation, href, isOpen, isStop, showsNumber }: RowProps) {
  const t = useText()
  const { id, unreadCount, windowExpiresAt } = conversation
  const { text: name, isLtr } = nameOf(conversation)
  const isUnread = unreadCount > 0
  return (
    <a
      href={href}
      data-conversation={id}
      tabIndex={isStop ? 0 : -1}
      aria-current={isOpen ? 'true' : undefined}
      className={clsx(
        'relative grid h-(--row) grid-cols-[2.5rem_minmax(0,1fr)] grid-rows-2 gap-x-2.5 border-b border-line px-3 py-2 text-ink no-underline hover:bg-hover focus-visible:-outline-offset-2',
        isOpen && 'bg-brand-soft before:absolute before:inset-y-0 before:start-0 before:w-[3px] before:bg-brand',
      )}
    >
      <span className="row-span-2 self-center">
        <ContactAvatar name={isLtr && !name?.startsWith('@') ? null : name} windowExpiresAt={windowExpiresAt} />
      </span>
      <span className="flex min-w-0 items-center gap-2">
        <span className={clsx('flex min-w-0 flex-1 items-center gap-1.5 text-text leading-[1.3]', isUnread && 'weight-name')}>
          <bdi dir={isLtr ? 'ltr' : undefined} className="truncate">
            {name ?? t('inbox.nameless')}
          </bdi>
          {showsNumber && <NumberTag clientId={conversation.clientId} />}
        </span>
        <RowTime conversation={conversation} isUnread={isUnread} />
      </span>
      <span className="flex min-w-0 items-center gap-2">
        <SecondLine conversation={conversation} />
        <span className="ms-auto flex min-h-5.5 shrink-0 items-center gap-1.5 text-meta text-ink-3">
          <ClosingIn windowExpiresAt={windowExpiresAt} />
          {conversation.assignedTo && <AssigneeDisc name={conversation.assignedTo.name ?? ''} />}
          <Count value={unreadCount} label={t('inbox.unread', { n: unreadCount })} />
        </span>
      </span>
    </a>
  )
})

function NumberTag({ clientId }: { clientId: string }) {
  const number = useNumbers()?.find(({ id }) => id === clientId)
  if (number === undefined) return null
  return (
    <bdi className="max-w-24 shrink-0 truncate rounded-1 border border-line-strong px-1 text-meta leading-4 font-normal text-ink-3">
      {nameOfNumber(number)}
    </bdi>
  )
}

function RowTime({ conversation: { lastMessage }, isUnread }: { conversation: ConversationView; isUnread: boolean }) {
  const now = useMinute()
  const { listTime, full } = useFormat()
  if (lastMessage === null) return null
  return (
    <time
      dateTime={lastMessage.at}
      title={full(lastMessage.at)}
      className={clsx('figures shrink-0 text-meta whitespace-nowrap', isUnread ? 'weight-name text-brand' : 'text-ink-3')}
    >
      {listTime(lastMessage.at, new Date(now))}
    </time>
  )
}

/** Minutes of a window that closes within the hour. */
function ClosingIn({ windowExpiresAt }: { windowExpiresAt: string | null }) {
  const { left } = useFormat()
  const ms = leftOf(windowExpiresAt, useMinute())
  if (ms === 0 || ms >= HOUR_MS) return null
  return <span className="weight-name figures text-time">{left(ms)}</span>
}

const AssigneeDisc = ({ name }: { name: string }) => (
  <span
    role="img"
    aria-label={name}
    title={name}
    className="grid size-5.5 place-items-center rounded-full border border-line-strong text-[0.6875rem] font-semibold text-ink-2"
  >
    {initialsOf(name)}
  </span>
)

/** One of, in this order: failure, draft, colleague typing, own tick and text, text. */
function SecondLine({ conversation }: { conversation: ConversationView }) {
  const { id, lastError, lastMessage, unreadCount } = conversation
  const draft = useDrafts(({ drafts }) => drafts[id])
  const writer = usePresence(({ writers }) => writers[id]?.[0]?.user.name)
  if (lastError)
    return (
      <Line className="text-fail">
        <Icon of={FailIcon} size={16} />
        <span className="truncate">
          <Text id="inbox.row.failed" />
        </span>
      </Line>
    )
  if (draft)
    return (
      <Line>
        <b className="weight-name text-time">
          <Text id="inbox.row.draft" />
        </b>
        <bdi dir="auto" className="truncate">
          {draft}
        </bdi>
      </Line>
    )
  if (writer)
    return (
      <Line className="text-brand">
        <span className="truncate">
          <Text id="inbox.row.typing" values={{ name: writer }} />
        </span>
      </Line>
    )
  const tick = lastMessage?.direction === 'OUTBOUND' ? tickOf(lastMessage.status) : null
  return (
    <Line className={unreadCount > 0 ? 'text-ink' : 'text-ink-3'}>
      {tick && <Tick state={tick} />}
      {lastMessage && <LastText type={lastMessage.type} text={lastMessage.text} />}
    </Line>
  )
}

const Line = ({ className = 'text-ink-3', children }: { className?: string; children: ReactNode }) => (
  <span className={clsx('flex min-w-0 flex-1 items-center gap-1.5 leading-[1.35]', className)}>{children}</span>
)
