import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ConversationView, NoteView } from '#shared/contracts/views.ts'
import { request } from '../../../lib/api/client.ts'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { useMinute } from '../../../lib/clock.ts'
import { useColleagues } from '../../../lib/data/inbox-aids.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { TextArea } from '../../../ui/field.tsx'
import { PlusIcon } from '../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { notesQuery } from './data.ts'
import { Section } from './section.tsx'
import { useRefusal } from './use-refusal.tsx'

const FEW = 3

/** What the team has noted about the conversation and its lead. The customer never sees it. */
export function Notes({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const mayWrite = useMay('conversations.notes')
  const [isWriting, setWriting] = useState(false)
  const [isAll, setAll] = useState(false)
  const { data, error, refetch } = useQuery(notesQuery(conversation.id))
  const notes = data?.data ?? []
  return (
    <Section
      title={t('side.notes')}
      action={
        mayWrite &&
        !isWriting && (
          <Button kind="quiet" small icon={PlusIcon} onClick={() => setWriting(true)}>
            {t('side.notes.add')}
          </Button>
        )
      }
    >
      {isWriting && <NoteForm conversation={conversation} onDone={() => setWriting(false)} />}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('side.notes.failed')}
        </ErrorRow>
      )}
      {data === undefined && !error && <Bone width="80%" />}
      {data && notes.length === 0 && !isWriting && <p className="text-ink-3">{t('side.notes.none')}</p>}
      <ul className="grid gap-2">
        {notes.slice(0, isAll ? undefined : FEW).map(note => (
          <Note key={note.id} note={note} />
        ))}
      </ul>
      {notes.length > FEW && !isAll && (
        <Button kind="link" small onClick={() => setAll(true)}>
          {t('side.notes.all', { n: data?.total ?? notes.length })}
        </Button>
      )}
    </Section>
  )
}

function Note({ note: { text, createdBy, createdAt } }: { note: NoteView }) {
  const { listTime, full } = useFormat()
  const now = useMinute()
  const writer = useColleagues()?.find(({ id }) => id === createdBy)
  return (
    <li className="border border-note-line bg-bubble-note px-2.5 py-1.5 text-note-ink">
      <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
        {text}
      </p>
      <p className="flex justify-between gap-2 text-meta">
        <bdi className="truncate">{writer?.name}</bdi>
        <time dateTime={createdAt} title={full(createdAt)} className="figures shrink-0">
          {listTime(createdAt, new Date(now))}
        </time>
      </p>
    </li>
  )
}

/** A note about the lead is one about its conversation too. */
function NoteForm({ conversation, onDone }: { conversation: ConversationView; onDone(): void }) {
  const t = useText()
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const key = useRepeatKey()
  const refuse = useRefusal()
  const add = useMutation({
    mutationFn: () =>
      request('POST', `/conversations/${conversation.id}/notes`, { body: { text: text.trim() }, idempotencyKey: key.current() }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.notes(conversation.id) })
      onDone()
    },
    onError: error => {
      key.onError(error)
      refuse(error)
    },
  })
  const isEmpty = text.trim() === ''
  return (
    <form
      className="grid gap-2"
      onSubmit={event => {
        event.preventDefault()
        if (!isEmpty && !add.isPending) add.mutate()
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onDone()
      }}
    >
      <TextArea
        autoFocus
        dir={text ? 'auto' : undefined}
        rows={3}
        maxLength={4096}
        aria-label={t('side.notes.label')}
        placeholder={t('side.notes.hint')}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          if (!isEmpty && !add.isPending) add.mutate()
        }}
      />
      <div className="flex gap-2">
        <Button type="submit" busy={add.isPending} disabled={isEmpty}>
          {t('side.notes.save')}
        </Button>
        <Button kind="quiet" onClick={onDone}>
          {t('ui.cancel')}
        </Button>
      </div>
    </form>
  )
}
