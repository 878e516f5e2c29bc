import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useRef, useState } from 'react'
import { useMinute } from '../../lib/clock.ts'
import { nameOfNumber, useNumbers } from '../../lib/data/numbers.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button, buttonClass, IconButton } from '../../ui/button.tsx'
import { CloseIcon, Icon, LabelIcon, LockIcon, SendIcon } from '../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { useBorrowedFocus } from '../../ui/use-borrowed-focus.ts'
import { useEscape } from '../../ui/use-escape.ts'
import { ContactTitle, Identifiers } from './contact-title.tsx'
import { type Contact, contactConversationsQuery, contactQuery } from './data.ts'
import { EditDialog } from './edit-dialog.tsx'
import { EraseDialog } from './erase-dialog.tsx'
import { WriteButton } from './first-message/write-button.tsx'
import { OptOutSwitch } from './opt-out-switch.tsx'
import { useBlock } from './use-block.tsx'

/** One contact: beside the list on wide screens, over it on others. Esc closes it, and the focus returns. */
export function ContactDrawer({ id, onClose }: { id: string; onClose(): void }) {
  const t = useText()
  const { data: contact, error, refetch } = useQuery(contactQuery(id))
  const heading = useRef<HTMLHeadingElement>(null)
  useEscape(onClose)
  useBorrowedFocus(heading)
  return (
    <aside
      aria-label={t('contacts.one')}
      className="fixed inset-0 z-drawer grid content-start gap-5 overflow-auto bg-sheet p-5 max-two:p-4 three:static three:w-104 three:shrink-0 three:border-s three:border-line"
    >
      <header className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 ref={heading} tabIndex={-1} className="text-head leading-(--l-head) break-words outline-none">
            {contact ? <ContactTitle contact={contact} /> : error ? t('contacts.one') : <Bone width="10rem" />}
          </h2>
          {contact && (
            <p className="text-meta text-ink-3">
              <Identifiers contact={contact} />
            </p>
          )}
        </div>
        <IconButton icon={CloseIcon} label={t('ui.close')} onClick={onClose} />
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('contacts.one.failed')}
        </ErrorRow>
      )}
      {contact && <Details contact={contact} onErased={onClose} />}
    </aside>
  )
}

function Details({ contact, onErased }: { contact: Contact; onErased(): void }) {
  const t = useText()
  const { full } = useFormat()
  const attributes = Object.entries(contact.attributes)
  return (
    <>
      <Conversations contact={contact} />
      <div>
        <WriteButton contact={contact} />
      </div>
      <section className="grid gap-1">
        <OptOutSwitch contact={contact} />
        <p className="text-meta text-ink-3">{t('contacts.optOut.hint')}</p>
        {contact.optOutAt && (
          <p className="text-meta text-ink-3">
            <Text id="contacts.optOut.since" values={{ at: full(contact.optOutAt) }} />
          </p>
        )}
      </section>
      {contact.block && <BlockState block={contact.block} />}
      {contact.labels.length > 0 && (
        <Section title={t('contacts.labels')}>
          <p className="flex flex-wrap gap-1">
            {contact.labels.map(label => (
              <Tag key={label} icon={LabelIcon}>
                <bdi className="truncate">{label}</bdi>
              </Tag>
            ))}
          </p>
        </Section>
      )}
      {attributes.length > 0 && (
        <Section title={t('contacts.attributes')}>
          <dl className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-3 gap-y-1">
            {attributes.map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-ink-3 break-words" dir="auto">
                  {name}
                </dt>
                <dd className="break-words" dir="auto">
                  {String(value)}
                </dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      <p className="text-meta text-ink-3">
        <Text id="contacts.added" values={{ at: full(contact.createdAt) }} />
      </p>
      <Changes contact={contact} onErased={onErased} />
    </>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid gap-1.5">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** Where to write to the contact: the conversation with each of our numbers, with the time of the last message. */
function Conversations({ contact: { id } }: { contact: Contact }) {
  const t = useText()
  const { listTime } = useFormat()
  const now = useMinute()
  const mayRead = useMay('conversations.read')
  const numbers = useNumbers() ?? []
  const { data, error, refetch } = useQuery({ ...contactConversationsQuery(id), enabled: mayRead })
  if (!mayRead) return null
  if (error)
    return (
      <ErrorRow error={error} onRetry={() => void refetch()}>
        {t('contacts.conversations.failed')}
      </ErrorRow>
    )
  if (data === undefined) return <Bone width="100%" height="2rem" />
  if (data.length === 0) return <p className="text-ink-2">{t('contacts.conversations.none')}</p>
  return (
    <ul className="grid gap-2">
      {data.map(conversation => {
        const number = numbers.find(one => one.id === conversation.clientId)
        return (
          <li key={conversation.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Link
              to="/inbox/{-$conversationId}"
              params={{ conversationId: conversation.id }}
              className={`${buttonClass({ kind: 'primary' })} no-underline`}
            >
              <Icon of={SendIcon} className="turns" />
              {t('contacts.write')}
            </Link>
            <span className="min-w-0 text-meta text-ink-3">
              {data.length > 1 && number && <bdi className="block truncate">{nameOfNumber(number)}</bdi>}
              {conversation.lastMessage ? (
                <Text id="contacts.lastSeen" values={{ at: listTime(conversation.lastMessage.at, new Date(now)) }} />
              ) : (
                t('contacts.noMessage')
              )}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

function BlockState({ block }: { block: NonNullable<Contact['block']> }) {
  const t = useText()
  return (
    <section className="grid gap-1 rounded-2 bg-fail-soft p-3">
      <h3 className="flex items-center gap-1.5 text-fail">
        <Icon of={LockIcon} size={16} />
        {t('contacts.blocked')}
      </h3>
      <p>{t('contacts.blocked.text')}</p>
      {block.state === 'REFUSED' && (
        <p>
          {t('contacts.blocked.refused')} <bdi>{block.problem}</bdi>
        </p>
      )}
    </section>
  )
}

function Changes({ contact, onErased }: { contact: Contact; onErased(): void }) {
  const t = useText()
  const [open, setOpen] = useState<'edit' | 'erase' | null>(null)
  const [mayWrite, mayBlock, mayErase] = [useMay('contacts.write'), useMay('contacts.block'), useMay('contacts.erase')]
  const block = useBlock(contact)
  const close = () => setOpen(null)
  return (
    <footer className="flex flex-wrap gap-2 border-t border-line pt-4">
      {mayWrite && <Button onClick={() => setOpen('edit')}>{t('contacts.edit')}</Button>}
      {mayBlock && (
        <Button busy={block.isPending} onClick={() => block.move(contact.block ? 'unblock' : 'block')}>
          {t(contact.block ? 'contacts.unblock' : 'contacts.block')}
        </Button>
      )}
      {mayErase && (
        <Button kind="quiet" onClick={() => setOpen('erase')}>
          {t('contacts.erase')}
        </Button>
      )}
      {open === 'edit' && <EditDialog contact={contact} onClose={close} />}
      {open === 'erase' && <EraseDialog contact={contact} onClose={close} onErased={onErased} />}
    </footer>
  )
}
