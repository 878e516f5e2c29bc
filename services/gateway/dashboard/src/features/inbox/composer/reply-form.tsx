import { useQueryClient } from '@tanstack/react-query'
import { type RefObject, Suspense, useEffect, useRef, useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { lastInbound } from '../../../lib/data/messages.ts'
import { setDraft, useDrafts } from '../../../lib/drafts.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { whenIdle } from '../../../lib/idle.ts'
import { sendMessage } from '../../../lib/outbox/outbox.ts'
import { addFiles } from './add-files.ts'
import { Chips } from './chips.tsx'
import { Extras } from './extras.tsx'
import { outgoingOf } from './outgoing.ts'
import { Attachments, loadParts, QuickReplyList } from './parts.ts'
import { quoteOf } from './quote.ts'
import { SendRow } from './send-row.tsx'
import { changeComposer, composerOf, type Extra, useComposer } from './state.ts'
import { useDropped } from './use-dropped.ts'
import { useTyping } from './use-typing.ts'
import { insertAt, Writing } from './writing.tsx'

const MOST_LETTERS = 4096
/** A place of a quick reply whose value is not known. */
const OPEN_PLACE = /\{\{\s*(?:contact|agent|candidate)\.\w+\s*\}\}/

/** Text, files and everything else that may go out while the window is open. */
export function ReplyForm({ conversation }: { conversation: ConversationView }) {
  const { id } = conversation
  const t = useText()
  const queries = useQueryClient()
  const area = useRef<HTMLTextAreaElement>(null)
  const [extra, setExtra] = useState<Extra | null>(null)
  const { files } = useComposer(id)
  const isOver = useDropped(id, area)
  const close = () => {
    setExtra(null)
    area.current?.focus()
  }
  const { text, openPlace, canSend, send, heard } = useReply(id, close)
  // So that nothing is waited for, and that it is there without a connection.
  useEffect(() => whenIdle(() => void loadParts().catch(() => undefined)), [])
  return (
    <div data-over={isOver || undefined} className="data-over:inset-ring-2 data-over:inset-ring-brand">
      {isOver && (
        <p className="px-5 py-2 text-brand">
          <Text id="inbox.composer.drop" />
        </p>
      )}
      <Chips conversationId={id} />
      <Suspense fallback={null}>{files.length > 0 && <Attachments conversationId={id} />}</Suspense>
      <Extras
        conversation={conversation}
        open={extra}
        canSend={canSend}
        onOpen={setExtra}
        onClose={close}
        onSend={send}
        onEmoji={emoji => insert(area, id, emoji)}
      />
      <form
        onSubmit={event => {
          event.preventDefault()
          send()
        }}
      >
        <Writing
          area={area}
          draftKey={id}
          label={t('inbox.composer.label')}
          hint={t(files.length > 0 ? 'inbox.composer.caption' : 'inbox.composer.hint')}
          sign="/"
          suggestions={props => <QuickReplyList {...props} conversationId={id} />}
          onSend={() => send()}
          onChange={heard}
          onPaste={event => pasteFiles(event, id)}
          onArrowUp={() => {
            const last = lastInbound(queries, id)
            if (last) changeComposer(id, { quote: quoteOf(last) })
          }}
        />
        {openPlace && (
          <p role="status" className="px-5 pb-1 text-ui text-time">
            <Text id="inbox.composer.place" values={{ place: openPlace }} />
          </p>
        )}
        <SendRow
          conversationId={id}
          letters={text.length}
          canSend={canSend}
          open={extra}
          onOpen={next => setExtra(next === extra ? null : next)}
          onQuickReply={() => insert(area, id, text === '' || /\s$/.test(text) ? '/' : ' /')}
        />
      </form>
    </div>
  )
}

/** What is written in a conversation, whether it can go out, and how it does. */
function useReply(id: string, onSent: () => void) {
  const text = useDrafts(({ drafts }) => drafts[id] ?? '')
  const { files } = useComposer(id)
  const typing = useTyping(id)
  const openPlace = OPEN_PLACE.exec(text)?.[0]
  const hasContent = text.trim() !== '' || files.length > 0
  const canSend = hasContent && text.length <= MOST_LETTERS && !openPlace && files.every(({ problem }) => problem === null)
  const send = (sendAt?: string) => {
    if (!canSend) return
    for (const { message, content } of outgoingOf({ ...composerOf(id), conversationId: id, text, sendAt }))
      sendMessage(message, content)
    setDraft(id, '')
    changeComposer(id, { files: [], quote: null, fallback: null })
    typing.stop()
    onSent()
  }
  return { text, openPlace, canSend, send, heard: typing.heard }
}

function pasteFiles(event: React.ClipboardEvent, conversationId: string): void {
  const files = [...event.clipboardData.files]
  if (files.length === 0) return
  event.preventDefault()
  void addFiles(conversationId, files)
}

/** Puts words where the cursor is. */
function insert(area: RefObject<HTMLTextAreaElement | null>, draftKey: string, text: string): void {
  const end = area.current?.value.length ?? 0
  const { selectionStart: from = end, selectionEnd: to = end } = area.current ?? {}
  insertAt(area.current, draftKey, { from, to, text })
}
