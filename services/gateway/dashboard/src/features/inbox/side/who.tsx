import { useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { grouped, identifierOf, nameOf } from '../../../lib/data/contact-name.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { ContactAvatar } from '../../../ui/avatar.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Field, Input, Switch } from '../../../ui/field.tsx'
import { EditIcon, LockIcon } from '../../../ui/icons.tsx'
import { Tag } from '../../../ui/tag.tsx'
import { showToast } from '../../../ui/toasts.tsx'
import { type ContactDetail, useContactEdit } from './data.ts'
import { Line } from './section.tsx'
import { useRefusal } from './use-refusal.tsx'

/** Who it is, by name and by what WhatsApp knows, and whether marketing may be sent. */
export function Who({ conversation, contact }: { conversation: ConversationView; contact: ContactDetail | undefined }) {
  const t = useText()
  const { date } = useFormat()
  const mayWrite = useMay('contacts.write')
  const [isEditing, setEditing] = useState(false)
  const { text: name, isLtr } = nameOf(conversation)
  const { phone, waId, username } = conversation.contact
  const number = phone ?? (waId ? `+${waId}` : null)
  return (
    <section className="grid gap-3 px-4 py-3.5">
      <header className="flex items-center gap-2.5">
        <ContactAvatar name={isLtr && !name?.startsWith('@') ? null : name} windowExpiresAt={conversation.windowExpiresAt} />
        <div className="min-w-0 flex-1">
          <h2 className="break-words">
            <bdi dir={isLtr ? 'ltr' : undefined}>{name ?? t('inbox.nameless')}</bdi>
          </h2>
          {contact && (
            <p className="text-meta text-ink-3">
              <Text id="side.since" values={{ at: date(contact.createdAt) }} />
            </p>
          )}
        </div>
        {contact && mayWrite && !conversation.groupId && (
          <IconButton icon={EditIcon} label={t('side.rename')} onClick={() => setEditing(on => !on)} />
        )}
      </header>
      {isEditing && contact && <NameForm contact={contact} onDone={() => setEditing(false)} />}
      {contact?.block && (
        <p>
          <Tag kind="fail" icon={LockIcon}>
            {t('side.blocked')}
          </Tag>
        </p>
      )}
      <dl>
        {number && (
          <Line name={t('side.number')}>
            <span className="inline-flex items-center gap-1">
              <bdi dir="ltr">{grouped(number)}</bdi>
              <CopyButton text={number.replaceAll(' ', '')} label={t('side.copyNumber')} />
            </span>
          </Line>
        )}
        {username && (
          <Line name={t('side.username')}>
            <bdi dir="ltr">@{username}</bdi>
          </Line>
        )}
        {!number && !username && identifierOf(conversation.contact).text === null && !conversation.groupId && (
          <p className="text-ink-2">{t('side.noNumber')}</p>
        )}
        {contact && !conversation.groupId && (
          <Line name={t('side.marketing')}>
            <Marketing contact={contact} mayChange={mayWrite} />
          </Line>
        )}
      </dl>
    </section>
  )
}

/** Whether marketing may be sent. Changed at once, with an Undo. */
function Marketing({ contact, mayChange }: { contact: ContactDetail; mayChange: boolean }) {
  const t = useText()
  const edit = useContactEdit(contact.id, useRefusal())
  const set = (optOut: boolean, isUndo = false) =>
    edit.mutate(
      { optOut },
      {
        onSuccess: () => {
          if (isUndo) return
          showToast({
            text: t(optOut ? 'side.refused.done' : 'side.allowed.done'),
            action: { label: t('ui.undo'), run: () => set(!optOut, true) },
          })
        },
      },
    )
  return (
    <Switch
      label={t(contact.optOut ? 'side.refused' : 'side.allowed')}
      checked={!contact.optOut}
      disabled={!mayChange || edit.isPending}
      onChange={allowed => set(!allowed)}
    />
  )
}

/** An own name for the contact; without one, the name of its WhatsApp profile. */
function NameForm({ contact, onDone }: { contact: ContactDetail; onDone(): void }) {
  const t = useText()
  const [name, setName] = useState(contact.name ?? '')
  const edit = useContactEdit(contact.id, useRefusal())
  return (
    <form
      className="grid gap-2"
      onSubmit={event => {
        event.preventDefault()
        edit.mutate({ name: name.trim() || null }, { onSuccess: onDone })
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onDone()
      }}
    >
      <Field label={t('side.name')} hint={t('side.name.hint')}>
        {ids => (
          <Input {...ids} dir="auto" autoFocus maxLength={200} value={name} onChange={event => setName(event.target.value)} />
        )}
      </Field>
      <div className="flex gap-2">
        <Button type="submit" busy={edit.isPending}>
          {t('side.save')}
        </Button>
        <Button kind="quiet" onClick={onDone}>
          {t('ui.cancel')}
        </Button>
      </div>
    </form>
  )
}
