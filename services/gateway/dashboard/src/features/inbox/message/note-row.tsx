import type { NoteView } from '#shared/contracts/views.ts'
import { useColleagues } from '../../../lib/data/inbox-aids.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text } from '../../../lib/i18n/text.tsx'
import { readMentions } from '../../../lib/mentions.ts'
import { Icon, LockIcon } from '../../../ui/icons.tsx'

/** A private note: yellow and with square corners, so that nobody takes it for a message. */
export function NoteRow({ note: { id, text, createdAt, createdBy, mentions } }: { note: NoteView }) {
  const { time, full } = useFormat()
  const people = useColleagues() ?? []
  const author = people.find(person => person.id === createdBy)?.name
  const named = people.filter(person => mentions.includes(person.id))
  return (
    <li className="mt-3 grid grid-cols-[minmax(0,1fr)_var(--margin)]" data-note={id}>
      <div className="flex min-w-0 flex-col items-end ps-8 pe-3">
        <p className="flex gap-1.5 text-meta text-note-ink">
          <Icon of={LockIcon} size={14} className="mt-0.5" />
          <span>
            <Text id="message.note" />
            {author && (
              <>
                {' · '}
                <bdi>{author}</bdi>
              </>
            )}
          </span>
        </p>
        <div
          dir="auto"
          className="max-w-[min(var(--text-max),100%)] border border-note-line bg-bubble-note px-3 py-1.5 wrap-anywhere whitespace-pre-wrap"
        >
          {readMentions(text, named).map((part, i) =>
            typeof part === 'string' ? (
              part
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
              <b key={i} className="weight-name text-brand">
                {part.text}
              </b>
            ),
          )}
        </div>
      </div>
      <time dateTime={createdAt} title={full(createdAt)} className="figures ps-3 pt-6 text-meta text-ink-3 max-two:ps-1.5">
        {time(createdAt)}
      </time>
    </li>
  )
}
