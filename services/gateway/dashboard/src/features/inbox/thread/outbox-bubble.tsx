import { useQuery } from '@tanstack/react-query'
import clsx from 'clsx'
import { setDraft } from '../../../lib/drafts.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useObjectUrl } from '../../../lib/object-url.ts'
import { cancelEntry, contentOf, type OutboxEntry, retryEntry, useOutbox } from '../../../lib/outbox/outbox.ts'
import { sayRefusal } from '../../../lib/server/say.ts'
import { Button } from '../../../ui/button.tsx'
import { DocumentIcon, Icon, LockIcon, TemplatesIcon } from '../../../ui/icons.tsx'
import { Tick } from '../../../ui/tick.tsx'
import { changeComposer, noteDraft } from '../composer/state.ts'

/** A message or note that the server has not accepted yet. */
export function OutboxBubble({ entry }: { entry: OutboxEntry }) {
  const { time } = useFormat()
  const { state, preview, answer, file } = entry
  const isNote = answer === 'note'
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_var(--margin)]" data-outbox={entry.key}>
      <div className="flex min-w-0 flex-col items-end ps-8 pe-3">
        <div
          dir="auto"
          className={clsx(
            'max-w-[min(var(--text-max),100%)] min-w-0 border px-3 py-1.5 wrap-anywhere whitespace-pre-wrap',
            isNote ? 'border-note-line bg-bubble-note' : 'rounded-3 border-brand-line',
            state === 'refused' && 'outline-2 outline-fail',
          )}
        >
          {isNote && <Kind icon={LockIcon} id="inbox.outbox.note" />}
          {preview.type === 'reaction' && <Kind icon={null} id="inbox.outbox.reaction" />}
          {preview.template && (
            <span className="flex items-center gap-1.5 text-meta text-ink-3">
              <Icon of={TemplatesIcon} size={14} />
              <bdi dir="ltr" className="font-mono">
                {preview.template}
              </bdi>
            </span>
          )}
          {file && <OutboxFile entry={entry} file={file} />}
          {preview.text}
        </div>
        {state === 'waiting' && <WaitingLine entry={entry} />}
        {state === 'sending' && file && <Uploading entry={entry} />}
        {state === 'refused' && <Refused entry={entry} />}
      </div>
      <div className="flex items-start gap-1.5 ps-3 pt-2 text-meta text-ink-3">
        <span className="figures">{time(entry.createdAt)}</span>
        <Tick state={state === 'refused' ? 'failed' : 'sending'} />
      </div>
    </li>
  )
}

function Kind({ icon, id }: { icon: typeof LockIcon | null; id: 'inbox.outbox.note' | 'inbox.outbox.reaction' }) {
  return (
    <span className="flex items-center gap-1.5 text-meta text-note-ink">
      {icon && <Icon of={icon} size={14} />}
      <Text id={id} />
    </span>
  )
}

/** The file as it lies in this browser. */
function OutboxFile({
  entry: { key, preview },
  file: { name, size },
}: {
  entry: OutboxEntry
  file: NonNullable<OutboxEntry['file']>
}) {
  const { bytes } = useFormat()
  const isPicture = preview.type === 'image' || preview.type === 'sticker'
  const { data: content } = useQuery({
    queryKey: ['outbox-file', key],
    queryFn: () => contentOf(key),
    enabled: isPicture,
    gcTime: 0,
  })
  const url = useObjectUrl(content)
  if (url) return <img src={url} alt={name} className="block max-h-40 max-w-full rounded-2" />
  return (
    <span className="flex items-center gap-2">
      <Icon of={DocumentIcon} className="text-ink-3" />
      <bdi className="truncate">{name}</bdi>
      <span className="figures text-meta text-ink-3">{bytes(size)}</span>
    </span>
  )
}

function Uploading({ entry: { key } }: { entry: OutboxEntry }) {
  const t = useText()
  const { percent } = useFormat()
  const share = useOutbox(({ progress }) => progress[key])
  if (share === undefined) return null
  return (
    <div className="flex items-center gap-2 py-1 text-ui text-ink-2">
      <progress
        value={share}
        max={1}
        aria-label={t('inbox.outbox.uploading', { share: percent(share) })}
        className="h-1.5 w-24"
      />
      <span className="figures">
        <Text id="inbox.outbox.uploading" values={{ share: percent(Math.round(share * 100) / 100) }} />
      </span>
      <Button kind="link" small onClick={() => cancelEntry(key)}>
        {t('ui.cancel')}
      </Button>
    </div>
  )
}

function WaitingLine({ entry: { key } }: { entry: OutboxEntry }) {
  const t = useText()
  return (
    <p className="flex items-center gap-2 py-1 text-ui text-time">
      <Text id="inbox.outbox.waiting" />
      <Button kind="link" small onClick={() => cancelEntry(key)}>
        {t('ui.cancel')}
      </Button>
    </p>
  )
}

/** Why the server did not take it, and what can be done: try again, write it anew, send a template, drop it. */
function Refused({ entry }: { entry: OutboxEntry }) {
  const t = useText()
  const { key, conversationId, problem, preview, answer } = entry
  const code = problem?.errorCode
  const isWritten = (preview.type === 'text' || answer === 'note') && preview.text !== null
  return (
    <div className="grid justify-items-end gap-1 py-1 text-ui">
      <p className="text-fail">
        <b className="weight-name">
          <Text id="inbox.outbox.refused" />
        </b>{' '}
        {code === 'FILE_GONE' ? (
          <Text id="inbox.outbox.fileGone" />
        ) : code === 'WINDOW_CLOSED' ? (
          <Text id="inbox.outbox.windowClosed" />
        ) : (
          <bdi>{problem && sayRefusal(problem)}</bdi>
        )}
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        {code === 'WINDOW_CLOSED' && (
          <Button small onClick={() => changeComposer(conversationId, { mode: 'template' })}>
            {t('inbox.outbox.template')}
          </Button>
        )}
        {code !== 'FILE_GONE' && (
          <Button small onClick={() => retryEntry(key)}>
            {t('ui.tryAgain')}
          </Button>
        )}
        {isWritten && (
          <Button
            kind="quiet"
            small
            onClick={() => {
              setDraft(answer === 'note' ? noteDraft(conversationId) : conversationId, preview.text ?? '')
              changeComposer(conversationId, { mode: answer === 'note' ? 'note' : 'reply' })
              cancelEntry(key)
            }}
          >
            {t('inbox.outbox.edit')}
          </Button>
        )}
        <Button kind="quiet" small onClick={() => cancelEntry(key)}>
          {t('inbox.outbox.drop')}
        </Button>
      </div>
    </div>
  )
}
