import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { grouped } from '../../../lib/data/contact-name.ts'
import { type NumberView, nameOfNumber, numbersQuery } from '../../../lib/data/numbers.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { buttonClass } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Select } from '../../../ui/field.tsx'
import { NumbersIcon } from '../../../ui/icons.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { Identifiers, titleOf } from '../contact-title.tsx'
import type { Contact } from '../data.ts'
import { senders } from './data.ts'
import { Recipient } from './recipient.tsx'
import { TypedRecipient } from './typed-recipient.tsx'

interface FirstMessageDialogProps {
  /** Null: somebody whose number is typed. */
  contact: Contact | null
  onClose(): void
}

/** A template as the first message to somebody: from which number, which template, its values, how it looks and what it costs. */
export default function FirstMessageDialog({ contact, onClose }: FirstMessageDialogProps) {
  const t = useText()
  const { data, error, refetch } = useQuery(numbersQuery)
  const [isDirty, setDirty] = useState(false)
  const numbers = data && senders(data)
  const title = contact ? t('contacts.first.titleOf', { name: titleOf(contact, t) }) : t('contacts.first.title')
  return (
    <Dialog title={title} wide canClose={!isDirty} onClose={onClose}>
      {contact && (
        <p className="text-meta text-ink-3">
          <Identifiers contact={contact} />
        </p>
      )}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('contacts.first.numbers.failed')}
        </ErrorRow>
      )}
      {!numbers && !error && <Bone width="100%" height="12rem" />}
      {numbers?.length === 0 && <NoNumber />}
      {numbers && numbers.length > 0 && <WithNumber contact={contact} numbers={numbers} onDirty={setDirty} onClose={onClose} />}
    </Dialog>
  )
}

function NoNumber() {
  const t = useText()
  return (
    <Empty
      icon={NumbersIcon}
      title={t('contacts.first.noNumber')}
      text={t('contacts.first.noNumber.text')}
      action={
        <Link to="/numbers" className={`${buttonClass({})} no-underline`}>
          {t('contacts.first.toNumbers')}
        </Link>
      }
    />
  )
}

interface WithNumberProps {
  contact: Contact | null
  numbers: readonly NumberView[]
  onDirty(isDirty: boolean): void
  onClose(): void
}

function WithNumber({ contact, numbers, onDirty, onClose }: WithNumberProps) {
  const [chosenId, setChosenId] = useState<string | null>(null)
  const number = numbers.find(({ id }) => id === chosenId) ?? numbers.find(({ isPrimary }) => isPrimary) ?? numbers[0]
  if (number === undefined) return null
  const from = <Sender numbers={numbers} number={number} onChoose={setChosenId} />
  if (contact) return <Recipient contact={contact} number={number} from={from} onDirty={onDirty} onClose={onClose} />
  return <TypedRecipient number={number} from={from} onDirty={onDirty} onClose={onClose} />
}

/** The number that it goes out from, and whether it sends now. */
function Sender({
  numbers,
  number,
  onChoose,
}: {
  numbers: readonly NumberView[]
  number: NumberView
  onChoose(id: string): void
}) {
  const t = useText()
  return (
    <Field
      label={t('contacts.first.from')}
      hint={number.status === 'paused' && <span className="text-time">{t('contacts.first.paused')}</span>}
    >
      {ids => (
        <Select {...ids} value={number.id} onChange={({ target }) => onChoose(target.value)}>
          {numbers.map(one => (
            <option key={one.id} value={one.id}>
              {[nameOfNumber(one), one.whatsappNumber && grouped(one.whatsappNumber)].filter(Boolean).join(' · ')}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
