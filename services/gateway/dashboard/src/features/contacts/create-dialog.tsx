import { useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { useRepeatKey } from '../../lib/api/repeat-key.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { firstSentence } from '../../ui/form/field-problems.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { createContact, useContactsChange } from './data.ts'
import { FormProblem } from './form-problem.tsx'

/** Number and name of somebody new. A number that a contact has already leads to that contact. */
export function CreateDialog({ onCreated, onClose }: { onCreated(id: string): void; onClose(): void }) {
  const t = useText()
  const [phone, setPhone] = useState('')
  const [name, setName] = useState('')
  const key = useRepeatKey()
  const add = useContactsChange(createContact)
  const problem = add.error instanceof Problem ? add.error : null
  const existing = problem?.errorCode === 'CONTACT_EXISTS' ? problem.extra.contactId : null
  const isPhone = problem?.errorCode === 'PHONE_INVALID'
  return (
    <FormDialog
      title={t('contacts.create')}
      submit={t('contacts.create.submit')}
      isBusy={add.isPending}
      onSubmit={() => {
        add.mutate(
          { phone: phone.trim(), name: name.trim() || null, key: key.current() },
          {
            onSuccess: ({ id }) => onCreated(id),
            onError: key.onError,
          },
        )
      }}
      onClose={onClose}
    >
      <Field
        label={t('contacts.phone')}
        hint={t('contacts.phone.hint')}
        problem={
          isPhone ? (
            <bdi>{problem && firstSentence(problem)}</bdi>
          ) : (
            typeof existing === 'string' && (
              <>
                {t('contacts.phone.taken')}{' '}
                <Button kind="link" small onClick={() => onCreated(existing)}>
                  {t('contacts.phone.open')}
                </Button>
              </>
            )
          )
        }
      >
        {ids => (
          <Input
            {...ids}
            type="tel"
            required
            minLength={3}
            maxLength={40}
            dir="ltr"
            value={phone}
            onChange={event => setPhone(event.target.value)}
          />
        )}
      </Field>
      <Field label={t('contacts.name')}>
        {ids => <Input {...ids} maxLength={200} dir="auto" value={name} onChange={event => setName(event.target.value)} />}
      </Field>
      {!isPhone && typeof existing !== 'string' && <FormProblem error={add.error} />}
    </FormDialog>
  )
}
