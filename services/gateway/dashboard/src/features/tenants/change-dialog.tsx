import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Refused } from '../../ui/refused.tsx'
import { changeTenant, type Tenant, type TenantChange, useTenantChange } from './data.ts'

/** Asks before people of an account are locked out or let in again, and says what follows. */
export function ChangeDialog({ tenant, change, onClose }: { tenant: Tenant; change: TenantChange; onClose(): void }) {
  const t = useText()
  const { mutate, isPending, error } = useTenantChange(changeTenant)
  const isHarsh = change === 'suspend' || change === 'deactivate'
  return (
    <Dialog
      title={<Text id={`tenants.${change}.title`} values={{ name: tenant.name }} />}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind={isHarsh ? 'danger' : 'primary'}
            busy={isPending}
            onClick={() => mutate({ id: tenant.id, change }, { onSuccess: onClose })}
          >
            {t(`tenants.${change}`)}
          </Button>
        </>
      }
    >
      <p>{t(`tenants.${change}.text`)}</p>
      <Refused error={error} />
    </Dialog>
  )
}
