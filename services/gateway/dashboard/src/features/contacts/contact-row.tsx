import { useMinute } from '../../lib/clock.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { LabelIcon, LockIcon } from '../../ui/icons.tsx'
import { Tag } from '../../ui/tag.tsx'
import { ContactTitle, Identifiers } from './contact-title.tsx'
import type { Contact } from './data.ts'
import { WriteButton } from './first-message/write-button.tsx'
import { OptOutSwitch } from './opt-out-switch.tsx'

/** A contact in the list: the name opens it. */
export function ContactRow({ contact, isOpen, onOpen }: { contact: Contact; isOpen: boolean; onOpen(): void }) {
  const t = useText()
  const { listTime } = useFormat()
  const now = useMinute()
  return (
    <li
      className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-t border-line px-2 py-2 aria-[current=true]:bg-brand-soft"
      aria-current={isOpen || undefined}
    >
      <div className="min-w-40 flex-1">
        <button
          type="button"
          onClick={onOpen}
          className="weight-name block min-h-6 max-w-full truncate text-start hover:underline"
        >
          <ContactTitle contact={contact} />
        </button>
        <p className="text-meta break-words text-ink-3">
          <Identifiers contact={contact} />
        </p>
      </div>
      <p className="flex max-w-72 flex-wrap gap-1">
        {contact.block && (
          <Tag kind="fail" icon={LockIcon}>
            {t('contacts.blocked')}
          </Tag>
        )}
        {contact.labels.map(label => (
          <Tag key={label} icon={LabelIcon}>
            <bdi className="truncate">{label}</bdi>
          </Tag>
        ))}
      </p>
      <div className="w-40 max-two:w-auto">
        <OptOutSwitch contact={contact} />
      </div>
      <p className="w-28 text-end text-meta text-ink-3 max-two:hidden">
        <Text id="contacts.added" values={{ at: listTime(contact.createdAt, new Date(now)) }} />
      </p>
      <WriteButton contact={contact} isRow />
    </li>
  )
}
