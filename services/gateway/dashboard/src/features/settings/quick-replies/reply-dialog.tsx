import { useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import type { QuickReply } from '../../../lib/data/inbox-aids.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Conflict, type FieldWords } from '../../../ui/form/conflict.tsx'
import { useDraft } from '../../../ui/form/draft.ts'
import { changeReply, createReply, type NewFile, type ReplyFields, useReplyChange } from './data.ts'
import { ReplyForm, ScopeField } from './reply-form.tsx'

const NOTHING: ReplyFields = { shortcut: '', title: '', text: null, mediaId: null }

export function NewReplyDialog({ onClose }: { onClose(): void }) {
  const t = useText()
  const mayShare = useMay('quickReplies.write')
  const [scope, setScope] = useState<QuickReply['scope']>('own')
  const [file, setFile] = useState<NewFile | null>(null)
  const draft = useDraft(NOTHING)
  const repeat = useRepeatKey()
  const create = useReplyChange(createReply)
  return (
    <ReplyForm
      title={t('replies.new')}
      submit={t('replies.create')}
      fields={draft.now}
      file={file}
      isDirty={draft.changed.length > 0 || file !== null}
      error={create.error}
      isBusy={create.isPending}
      onChange={draft.set}
      onFile={setFile}
      onSubmit={() =>
        create.mutate({ ...draft.now, scope, file, key: repeat.current() }, { onSuccess: onClose, onError: repeat.onError })
      }
      onClose={onClose}
    >
      {mayShare && <ScopeField scope={scope} onChange={setScope} />}
    </ReplyForm>
  )
}

export function EditReply({ reply, onClose }: { reply: QuickReply; onClose(): void }) {
  const t = useText()
  const { id, shortcut, title, text, mediaId } = reply
  // What others save meanwhile is told by the refusal; the form stays as it was opened.
  const [saved, setSaved] = useState<ReplyFields>({ shortcut, title, text, mediaId })
  const [file, setFile] = useState<NewFile | null>(null)
  const draft = useDraft(saved)
  const edit = useReplyChange(changeReply)
  const isDirty = draft.changed.length > 0 || file !== null
  // A new file takes the place of the one that was there.
  const before = file === null ? {} : { mediaId: saved.mediaId }
  const save = (expected: Partial<ReplyFields>) =>
    edit.mutate({ id, change: draft.change(), expected, file }, { onSuccess: onClose })
  const words: FieldWords<ReplyFields>[] = [
    { name: 'shortcut', label: t('replies.shortcut'), show: ({ shortcut }) => `/${shortcut}` },
    { name: 'title', label: t('replies.title'), show: ({ title }) => title },
    { name: 'text', label: t('replies.content'), show: ({ text }) => text ?? '–' },
    { name: 'mediaId', label: t('replies.file'), show: ({ mediaId }) => (mediaId === null ? '–' : t('replies.hasFile')) },
  ]
  return (
    <ReplyForm
      title={t('replies.edit.of', { name: title })}
      submit={t('form.save')}
      fields={draft.now}
      file={file}
      isDirty={isDirty}
      error={edit.error}
      isBusy={edit.isPending}
      onChange={draft.set}
      onFile={setFile}
      onSubmit={() => (isDirty ? save({ ...before, ...draft.expected() }) : onClose())}
      onClose={onClose}
    >
      <Conflict
        error={edit.error}
        draft={draft}
        fields={words}
        onCurrent={current => {
          setSaved(current)
          setFile(null)
          edit.reset()
        }}
        onKeep={current => save({ ...(file && { mediaId: current.mediaId }), ...draft.replace(current) })}
      />
    </ReplyForm>
  )
}
