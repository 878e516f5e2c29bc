import { useEffect, useRef } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useMinute } from '../../../lib/clock.ts'
import { setDraft, useDrafts } from '../../../lib/drafts.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { sendMessage } from '../../../lib/outbox/outbox.ts'
import { usePreferences } from '../../../lib/preferences.ts'
import { Button } from '../../../ui/button.tsx'
import { SendIcon } from '../../../ui/icons.tsx'
import { Key } from '../../../ui/key.tsx'
import { leftOf } from '../../../ui/window.ts'

const MOST_LETTERS = 4096
const COUNTED_FROM = 3500

/** What can be sent now: a text while the window is open. */
export function Composer({ conversation }: { conversation: ConversationView }) {
  const isOpen = leftOf(conversation.windowExpiresAt, useMinute()) > 0
  return (
    <footer data-composer className="border-t border-line bg-raised">
      {conversation.readOnly ? (
        <p className="px-5 py-4 text-ink-2">
          <Text id="inbox.composer.group" />
        </p>
      ) : isOpen ? (
        <TextComposer conversation={conversation} />
      ) : (
        <p className="px-5 py-4 text-ink-2">
          <Text id="inbox.composer.closed" />
        </p>
      )}
    </footer>
  )
}

function TextComposer({ conversation: { id } }: { conversation: ConversationView }) {
  const t = useText()
  const text = useDrafts(({ drafts }) => drafts[id] ?? '')
  const enterSends = usePreferences(state => state.enterSends)
  const area = useRef<HTMLTextAreaElement>(null)
  const isTooLong = text.length > MOST_LETTERS
  const canSend = text.trim() !== '' && !isTooLong
  useEffect(() => {
    if (window.matchMedia('(pointer: fine)').matches) area.current?.focus({ preventScroll: true })
  }, [])
  const send = () => {
    if (!canSend) return
    sendMessage({
      conversationId: id,
      path: '/messages/send',
      body: { conversationId: id, text: text.trim() },
      preview: { type: 'text', text: text.trim() },
    })
    setDraft(id, '')
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={area}
        dir={text ? 'auto' : undefined}
        rows={2}
        aria-label={t('inbox.composer.label')}
        placeholder={t('inbox.composer.hint')}
        value={text}
        onChange={event => setDraft(id, event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return
          if (event.ctrlKey || event.metaKey || (enterSends && !event.shiftKey)) {
            event.preventDefault()
            send()
          }
        }}
        className="field-sizing-content block max-h-48 min-h-16 w-full resize-none bg-transparent px-5 pt-3 text-text outline-none"
      />
      <div className="flex items-center justify-end gap-3 px-3 pb-2">
        {text.length > COUNTED_FROM && (
          <span role="status" className={`figures text-meta ${isTooLong ? 'text-fail' : 'text-ink-3'}`}>
            {text.length} / {MOST_LETTERS}
          </span>
        )}
        <span className="text-meta text-ink-3 pointer-coarse:hidden">
          <Text id="inbox.composer.enter" values={{ key: <Key>{enterSends ? 'Enter' : 'Ctrl Enter'}</Key> }} />
        </span>
        <Button type="submit" kind="primary" icon={SendIcon} disabled={!canSend}>
          {t('inbox.composer.send')}
        </Button>
      </div>
    </form>
  )
}
