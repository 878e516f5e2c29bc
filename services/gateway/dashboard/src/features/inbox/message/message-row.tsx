import { useNavigate } from '@tanstack/react-router'
import clsx from 'clsx'
import { useState } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Tick, tickOf } from '../../../ui/tick.tsx'
import { ReferralCard } from './cards.tsx'
import { MessageBody } from './content.tsx'
import { MessageTools } from './message-tools.tsx'
import { Author, Failure, Reactions, Waiting } from './notices.tsx'

interface MessageRowProps {
  message: MessageView
  /** The first of several by one author in a few minutes. */
  isFirst: boolean
  /** The quoted message, if it is loaded. */
  quoted: MessageView | null
  onJump(messageId: string): void
  /** Whether Tab comes to it: one row of a thread. */
  isActive: boolean
}

/** A message: what it says on its author's side, its time and its tick in the margin. */
export function MessageRow({ message, isFirst, quoted, onJump, isActive }: MessageRowProps) {
  const isOwn = message.direction === 'OUTBOUND'
  // Its tools are drawn when somebody comes to it: in a thread of thousands they would be most of the page.
  const [isNear, setNear] = useState(false)
  const come = () => setNear(true)
  if (message.type === 'handover') return <HandoverRow message={message} />
  return (
    <li
      tabIndex={isActive ? 0 : -1}
      className={clsx('group/row grid scroll-mt-10 grid-cols-[minmax(0,1fr)_var(--margin)]', isFirst && 'not-first:mt-3')}
      data-message={message.id}
      onPointerEnter={come}
      onFocus={come}
    >
      <div className={clsx('flex min-w-0 flex-col pe-3', isOwn ? 'items-end ps-8' : 'items-start')}>
        {isFirst && <Author message={message} />}
        <div className="relative max-w-full min-w-0">
          <Bubble message={message} isFirst={isFirst} quoted={quoted} onJump={onJump} />
          {(isNear || isActive) && <MessageTools message={message} isActive={isActive} />}
        </div>
        <Reactions reactions={message.reactions} />
        {message.waiting && message.status === 'QUEUED' && <Waiting message={message} waiting={message.waiting} />}
        {message.status === 'FAILED' && message.error && <Failure message={message} error={message.error} />}
      </div>
      <Margin message={message} />
    </li>
  )
}

/** A handover is of neither side: it stands between the messages. */
function HandoverRow({ message }: { message: MessageView }) {
  return (
    <li className="mt-3 grid scroll-mt-10 grid-cols-[minmax(0,1fr)_var(--margin)]" data-message={message.id}>
      <p className="justify-self-center py-1 pe-3 text-center text-ui text-ink-2">
        <MessageBody message={message} />
      </p>
      <Margin message={message} />
    </li>
  )
}

function Bubble({ message, isFirst, quoted, onJump }: Omit<MessageRowProps, 'isActive'>) {
  const isOwn = message.direction === 'OUTBOUND'
  return (
    <div
      className={clsx(
        'max-w-[min(var(--text-max),100%)] min-w-0 overflow-hidden rounded-3 px-3 py-1.5 wrap-anywhere whitespace-pre-wrap',
        isOwn ? 'bg-bubble-out' : 'border border-line bg-bubble-in',
        isFirst && (isOwn ? 'rounded-se-none' : 'rounded-ss-none'),
        message.waiting && message.status === 'QUEUED' && 'border border-brand-line bg-transparent',
        message.status === 'FAILED' && 'outline-2 -outline-offset-2 outline-fail',
      )}
    >
      {message.forwarded && (
        <span className="block text-meta text-ink-3">
          <Text id="message.forwarded" />
        </span>
      )}
      {message.replyTo && <Quote quoted={quoted} onJump={onJump} />}
      <ReferralCard referral={message.referral} />
      {/* The corner of the bubble is its author's, the direction that of the words. */}
      <div dir="auto">
        <MessageBody message={message} />
      </div>
    </div>
  )
}

/** What the message answers; a click goes there. */
function Quote({ quoted, onJump }: Pick<MessageRowProps, 'quoted' | 'onJump'>) {
  const t = useText()
  if (quoted === null)
    return <span className="mb-1 block border-s-2 border-line-strong ps-2 text-ui text-ink-3">{t('message.quote.away')}</span>
  return (
    <button
      type="button"
      onClick={() => onJump(quoted.id)}
      className="mb-1 block w-full border-s-2 border-brand-line ps-2 text-start text-ui text-ink-2"
    >
      <span className="line-clamp-2">
        <bdi>
          {quoted.emptiedAt ? t('message.emptied') : (quoted.content.text ?? quoted.content.media?.filename ?? quoted.type)}
        </bdi>
      </span>
    </button>
  )
}

function Margin({ message }: { message: MessageView }) {
  const { time, full } = useFormat()
  const t = useText()
  // A button, for a link of the router is drawn anew at every change of the address, in each of thousands of rows.
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const tick = message.direction === 'OUTBOUND' ? tickOf(message.status) : null
  return (
    <div className="flex items-start gap-1.5 ps-3 pt-2 text-meta text-ink-3 max-two:flex-col max-two:gap-0 max-two:ps-1.5">
      <time dateTime={message.createdAt} title={full(message.createdAt)} className="figures">
        {time(message.createdAt)}
      </time>
      {message.editedAt && <span title={full(message.editedAt)}>{t('message.edited')}</span>}
      {tick && (
        <button
          type="button"
          onClick={() => void navigate({ to: '.', search: before => ({ ...before, message: message.id }) })}
          tabIndex={-1}
          title={t('message.timeline')}
          className="grid min-h-6 min-w-6 place-items-center -my-1 rounded-1 hover:bg-hover"
        >
          <Tick state={tick} at={time(message.statusUpdatedAt)} />
        </button>
      )}
    </div>
  )
}
