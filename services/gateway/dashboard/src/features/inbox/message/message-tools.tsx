import clsx from 'clsx'
import { useEffect, useRef, useState } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { sendMessage } from '../../../lib/outbox/outbox.ts'
import { IconButton } from '../../../ui/button.tsx'
import { CloseIcon, EmojiIcon, ReplyIcon } from '../../../ui/icons.tsx'
import { quoteOf } from '../composer/quote.ts'
import { changeComposer } from '../composer/state.ts'

/** Emojis that answer a message by themselves. */
const REACTIONS = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const

/** Answers a message: the composer shows it, and has the focus. */
export function quote(message: MessageView): boolean {
  if (!mayBeQuoted(message)) return false
  changeComposer(message.conversationId, { quote: quoteOf(message), mode: 'reply' })
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-composer] textarea')?.focus())
  return true
}

/** WhatsApp knows it, and it is still there. */
const mayBeQuoted = ({ externalMessageId, revokedAt, emptiedAt, type }: MessageView): boolean =>
  externalMessageId !== null &&
  revokedAt === null &&
  !emptiedAt &&
  type !== 'reaction' &&
  type !== 'call' &&
  type !== 'system' &&
  type !== 'handover'

/** Answer and reaction, beside a message that is pointed at or has the focus. */
export function MessageTools({ message, isActive }: { message: MessageView; isActive: boolean }) {
  const t = useText()
  const [isChoosing, setChoosing] = useState(false)
  const toolbar = useRef<HTMLDivElement>(null)
  // What had the focus is replaced by the emojis.
  useEffect(() => {
    if (isChoosing) toolbar.current?.querySelector('button')?.focus()
  }, [isChoosing])
  if (!mayBeQuoted(message)) return null
  const tabIndex = isActive ? 0 : -1
  const own = message.reactions.find(({ direction }) => direction === 'OUTBOUND')?.emoji
  const close = () => {
    toolbar.current?.closest<HTMLElement>('[data-message]')?.focus()
    setChoosing(false)
  }
  const react = (emoji: string) => {
    const { id, conversationId } = message
    const body = { conversationId, type: 'reaction', reaction: { message_id: id, emoji } }
    sendMessage({ conversationId, path: '/messages', body, preview: { type: 'reaction', text: emoji } })
    close()
  }
  return (
    <div
      ref={toolbar}
      role="toolbar"
      aria-label={t('message.tools')}
      onKeyDown={event => {
        if (event.key !== 'Escape' || !isChoosing) return
        event.stopPropagation()
        close()
      }}
      className={clsx(
        'pointer-events-none absolute bottom-full z-sticky -mb-2 flex items-center rounded-2 border border-line bg-raised opacity-0 shadow-1 transition-opacity duration-(--m-fast)',
        'group-focus-within/row:pointer-events-auto group-focus-within/row:opacity-100 group-hover/row:pointer-events-auto group-hover/row:opacity-100',
        isChoosing && 'pointer-events-auto opacity-100',
        message.direction === 'OUTBOUND' ? 'end-2' : 'start-2',
      )}
    >
      {isChoosing ? (
        <>
          {REACTIONS.map(emoji => (
            <button
              key={emoji}
              type="button"
              tabIndex={tabIndex}
              aria-label={t('message.react.with', { emoji })}
              aria-pressed={emoji === own}
              onClick={() => react(emoji)}
              className="grid size-6.5 place-items-center rounded-2 hover:bg-hover aria-pressed:bg-brand-soft pointer-coarse:size-9"
            >
              {emoji}
            </button>
          ))}
          {own && (
            <IconButton small icon={CloseIcon} tabIndex={tabIndex} label={t('message.react.remove')} onClick={() => react('')} />
          )}
        </>
      ) : (
        <>
          <IconButton
            small
            icon={ReplyIcon}
            turns
            tabIndex={tabIndex}
            label={t('message.reply.to')}
            onClick={() => quote(message)}
          />
          {message.direction === 'INBOUND' && (
            <IconButton small icon={EmojiIcon} tabIndex={tabIndex} label={t('message.react')} onClick={() => setChoosing(true)} />
          )}
        </>
      )}
    </div>
  )
}
