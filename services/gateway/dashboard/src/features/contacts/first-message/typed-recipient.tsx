import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Problem } from '../../../lib/api/problem.ts'
import type { NumberView } from '../../../lib/data/numbers.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { firstSentence } from '../../../ui/form/field-problems.ts'
import { useTyped } from '../../../ui/use-typed.ts'
import { titleOf } from '../contact-title.tsx'
import { contactQuery } from '../data.ts'
import { recipientQuery } from './data.ts'
import { Send } from './send.tsx'

interface TypedRecipientProps {
  number: NumberView
  from: ReactNode
  onDirty(isDirty: boolean): void
  onClose(): void
}

/** Somebody whose number is typed. A number that a contact has already is that contact. */
export function TypedRecipient({ number, from, onDirty, onClose }: TypedRecipientProps) {
  const t = useText()
  const [phone, setPhone] = useState('')
  const [typed, setTyped] = useTyped(phone, setPhone)
  const [name, setName] = useState('')
  const [isAsked, setAsked] = useState(false)
  const asked = recipientQuery({ to: phone, clientId: number.id })
  const { data: recipient, error } = useQuery({ ...asked, enabled: phone.length >= 3, retry: false })
  const { data: contact } = useQuery({ ...contactQuery(recipient?.contactId ?? ''), enabled: Boolean(recipient?.contactId) })
  const given = typed.trim()
  // What was asked of the server is of the number before the last pause.
  const isAnswered = given === phone
  const known = isAnswered && recipient?.contactId ? contact : undefined
  const isWrong = isAnswered && error instanceof Problem && error.errorCode === 'PHONE_INVALID'
  const problem = isAsked && (given === '' ? t('contacts.first.phone.missing') : isWrong && <bdi>{firstSentence(error)}</bdi>)
  return (
    <Send
      number={number}
      to={given === '' || isWrong ? null : given}
      name={known ? null : name.trim() || null}
      contact={known ?? null}
      recipient={isAnswered ? recipient : undefined}
      onDirty={onDirty}
      onAsked={() => setAsked(true)}
      onClose={onClose}
    >
      <div className="grid items-start gap-3 two:grid-cols-2">
        <Field
          label={t('contacts.phone')}
          hint={known ? <Text id="contacts.first.known" values={{ name: titleOf(known, t) }} /> : t('contacts.phone.hint')}
          problem={problem}
        >
          {ids => (
            <Input
              {...ids}
              data-autofocus
              type="tel"
              autoComplete="off"
              maxLength={40}
              dir="ltr"
              value={typed}
              onBlur={() => given !== '' && setAsked(true)}
              onChange={({ target }) => {
                setTyped(target.value)
                onDirty(target.value.trim() !== '' || name !== '')
              }}
            />
          )}
        </Field>
        {!known && (
          <Field label={t('contacts.name')}>
            {ids => (
              <Input
                {...ids}
                dir="auto"
                maxLength={200}
                value={name}
                onChange={({ target }) => {
                  setName(target.value)
                  onDirty(target.value !== '' || given !== '')
                }}
              />
            )}
          </Field>
        )}
        {from}
      </div>
    </Send>
  )
}
