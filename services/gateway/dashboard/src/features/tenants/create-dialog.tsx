import { useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { useRepeatKey } from '../../lib/api/repeat-key.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import type { OneTimeLink } from '../../ui/link-dialog.tsx'
import { Refused } from '../../ui/refused.tsx'
import { createTenant, useTenantChange } from './data.ts'

interface CreateDialogProps {
  onCreated(admin: string, link: OneTimeLink): void
  onClose(): void
}

/** Name of a new account, and who administers it. */
export function CreateDialog({ onCreated, onClose }: CreateDialogProps) {
  const t = useText()
  const [name, setName] = useState('')
  const [adminName, setAdminName] = useState('')
  const [adminEmail, setAdminEmail] = useState('')
  const [timezone, setTimezone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
  const key = useRepeatKey()
  const add = useTenantChange(createTenant)
  const isTaken = add.error instanceof Problem && add.error.errorCode === 'EMAIL_TAKEN'
  const submit = () => {
    const admin = adminName.trim()
    const zone = timezone.trim()
    add.mutate(
      { name: name.trim(), adminName: admin, adminEmail: adminEmail.trim(), ...(zone && { timezone: zone }), key: key.current() },
      { onSuccess: ({ link }) => onCreated(admin, link), onError: key.onError },
    )
  }
  return (
    <FormDialog
      title={t('tenants.create')}
      submit={t('tenants.create.submit')}
      isBusy={add.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={t('tenants.name')}>
        {ids => (
          <Input {...ids} required maxLength={200} dir="auto" value={name} onChange={event => setName(event.target.value)} />
        )}
      </Field>
      <Field label={t('tenants.admin')}>
        {ids => (
          <Input
            {...ids}
            required
            maxLength={100}
            dir="auto"
            value={adminName}
            onChange={event => setAdminName(event.target.value)}
          />
        )}
      </Field>
      <Field label={t('tenants.email')} problem={isTaken && t('tenants.email.taken')} hint={t('tenants.email.hint')}>
        {ids => (
          <Input
            {...ids}
            type="email"
            required
            dir="ltr"
            value={adminEmail}
            onChange={event => setAdminEmail(event.target.value)}
          />
        )}
      </Field>
      <Field label={t('tenants.timezone')}>
        {ids => <Input {...ids} dir="ltr" value={timezone} onChange={event => setTimezone(event.target.value)} />}
      </Field>
      <Refused error={isTaken ? null : add.error}>{t('tenants.create.failed')}</Refused>
    </FormDialog>
  )
}
