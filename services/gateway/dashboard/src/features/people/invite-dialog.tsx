import { useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { useRepeatKey } from '../../lib/api/repeat-key.ts'
import type { Role } from '../../lib/api/types.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useUser } from '../../lib/session/session-store.ts'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import type { OneTimeLink } from '../../ui/link-dialog.tsx'
import { Refused } from '../../ui/refused.tsx'
import { invite, usePeopleChange } from './data.ts'
import { RoleSelect } from './role-select.tsx'

interface InviteDialogProps {
  onInvited(name: string, link: OneTimeLink): void
  onClose(): void
}

/** Name, address and role of somebody new. */
export function InviteDialog({ onInvited, onClose }: InviteDialogProps) {
  const t = useText()
  const own = useUser().role
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('agent')
  const key = useRepeatKey()
  const add = usePeopleChange(invite)
  const problem = add.error instanceof Problem ? add.error : null
  const isTaken = problem?.errorCode === 'EMAIL_TAKEN'
  return (
    <FormDialog
      title={t('people.invite')}
      submit={t('people.invite.submit')}
      isBusy={add.isPending}
      onSubmit={() => {
        add.mutate(
          { name: name.trim(), email: email.trim(), role, key: key.current() },
          {
            onSuccess: ({ link }) => (link === null ? onClose() : onInvited(name.trim(), link)),
            onError: key.onError,
          },
        )
      }}
      onClose={onClose}
    >
      <Field label={t('people.name')}>
        {ids => (
          <Input {...ids} required maxLength={100} dir="auto" value={name} onChange={event => setName(event.target.value)} />
        )}
      </Field>
      <Field label={t('people.email')} problem={isTaken && t('people.email.taken')}>
        {ids => <Input {...ids} type="email" required dir="ltr" value={email} onChange={event => setEmail(event.target.value)} />}
      </Field>
      <Field label={t('people.role')} hint={t(`people.role.${role}.hint`)}>
        {ids => <RoleSelect {...ids} value={role} own={own} onChange={setRole} />}
      </Field>
      <Refused error={isTaken ? null : add.error}>{t('people.failed')}</Refused>
    </FormDialog>
  )
}
