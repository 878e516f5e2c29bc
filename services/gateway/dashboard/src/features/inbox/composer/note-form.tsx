import { useRef } from 'react'
import { useColleagues } from '../../../lib/data/inbox-aids.ts'
import { setDraft, useDrafts } from '../../../lib/drafts.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { mentionedIn } from '../../../lib/mentions.ts'
import { sendMessage } from '../../../lib/outbox/outbox.ts'
import { Button } from '../../../ui/button.tsx'
import { Icon, LockIcon } from '../../../ui/icons.tsx'
import { MentionList } from './parts.ts'
import { noteDraft } from './state.ts'
import { Writing } from './writing.tsx'

const MOST_LETTERS = 4096

/** A note for the team, on the ground that notes have everywhere. The customer never sees it. */
export function NoteForm({ conversationId }: { conversationId: string }) {
  const t = useText()
  const draftKey = noteDraft(conversationId)
  const text = useDrafts(({ drafts }) => drafts[draftKey] ?? '').trim()
  const people = useColleagues()
  const area = useRef<HTMLTextAreaElement>(null)
  // Who is named is known only when the names are.
  const canSend = text !== '' && text.length <= MOST_LETTERS && (people !== undefined || !text.includes('@'))
  const send = () => {
    if (!canSend) return
    const mentions = mentionedIn(text, people ?? [])
    sendMessage({
      ...{ conversationId, path: `/conversations/${conversationId}/notes`, answer: 'note' },
      body: { text, ...(mentions.length > 0 && { mentions }) },
      preview: { type: 'note', text },
    })
    setDraft(draftKey, '')
  }
  return (
    <form
      className="bg-bubble-note text-note-ink"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <Writing
        area={area}
        draftKey={draftKey}
        label={t('inbox.composer.note')}
        hint={t('inbox.composer.note.hint')}
        sign="@"
        suggestions={props => <MentionList {...props} />}
        onSend={send}
      />
      <div className="flex items-center gap-3 px-3 pb-2">
        <p className="flex flex-1 items-center gap-1.5 ps-2 text-meta">
          <Icon of={LockIcon} size={14} />
          <Text id="inbox.composer.note.private" />
        </p>
        {text.length > MOST_LETTERS && (
          <span role="status" className="figures text-meta text-fail">
            {text.length} / {MOST_LETTERS}
          </span>
        )}
        <Button type="submit" kind="primary" icon={LockIcon} disabled={!canSend}>
          {t('inbox.composer.note.save')}
        </Button>
      </div>
    </form>
  )
}
