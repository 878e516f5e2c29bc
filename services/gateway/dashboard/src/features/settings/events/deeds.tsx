import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field, Select } from '../../../ui/field.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { changeSubscription, rotateSecret, type Subscription, sendTest, useEventsChange, useRemoval } from './data.ts'
import { AboutForm } from './form.tsx'
import { ReplayDialog } from './replay-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

type Asked = 'edit' | 'replay' | 'rotate' | 'remove'

/** What can be done with a subscription. */
export function Deeds({ subscription }: { subscription: Subscription }) {
  const t = useText()
  const { id, status } = subscription
  const [asked, setAsked] = useState<Asked | null>(null)
  const test = useEventsChange(sendTest)
  const change = useEventsChange(changeSubscription)
  const isOn = status === 'enabled'
  const next = isOn ? 'disabled' : 'enabled'
  const close = () => setAsked(null)
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" busy={test.isPending} onClick={() => test.mutate(id)}>
          {t('events.test')}
        </Button>
        <Button disabled={!isOn} onClick={() => setAsked('replay')}>
          {t('events.replay')}
        </Button>
        <Button onClick={() => setAsked('edit')}>{t('events.edit')}</Button>
        <Button onClick={() => setAsked('rotate')}>{t('events.rotate')}</Button>
        <Button
          kind="quiet"
          busy={change.isPending && change.variables.status === next}
          onClick={() => change.mutate({ id, status: next })}
        >
          {t(isOn ? 'events.turnOff' : 'events.turnOn')}
        </Button>
        <Button kind="quiet" onClick={() => setAsked('remove')}>
          {t('events.remove')}
        </Button>
      </div>
      <Refused error={test.error ?? change.error} />
      {asked === 'edit' && <EditDialog subscription={subscription} onClose={close} />}
      {asked === 'replay' && <ReplayDialog id={id} onClose={close} />}
      {asked === 'rotate' && <RotateDialog id={id} onClose={close} />}
      {asked === 'remove' && <RemoveDialog subscription={subscription} onClose={close} />}
    </div>
  )
}

function EditDialog({ subscription: { id, name, url, types }, onClose }: { subscription: Subscription; onClose(): void }) {
  const t = useText()
  const change = useEventsChange(changeSubscription)
  return (
    <Dialog wide title={t('events.edit.title')} onClose={onClose}>
      <AboutForm
        given={{ name, url, types }}
        error={change.error}
        isBusy={change.isPending}
        submit={t('settings.save')}
        onCancel={onClose}
        onSubmit={about => change.mutate({ id, ...about }, { onSuccess: onClose })}
      />
    </Dialog>
  )
}

const OVERLAPS = [0, 24, 168] as const

function RotateDialog({ id, onClose }: { id: string; onClose(): void }) {
  const t = useText()
  const [overlapHours, setOverlap] = useState(24)
  const repeat = useRepeatKey()
  const rotate = useEventsChange(rotateSecret)
  if (rotate.data) return <SecretDialog title={t('events.rotated')} secret={rotate.data.secret} onClose={onClose} />
  return (
    <Dialog
      title={t('events.rotate.title')}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="primary"
            busy={rotate.isPending}
            onClick={() => rotate.mutate({ id, overlapHours, key: repeat.current() }, { onError: repeat.onError })}
          >
            {t('events.rotate')}
          </Button>
        </>
      }
    >
      <p>{t('events.rotate.text')}</p>
      <Field label={t('events.rotate.overlap')}>
        {ids => (
          <Select
            {...ids}
            value={overlapHours}
            // Another choice is another request.
            onChange={event => {
              setOverlap(Number(event.target.value))
              rotate.reset()
            }}
          >
            {OVERLAPS.map(hours => (
              <option key={hours} value={hours}>
                {t(`events.rotate.${hours}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Refused error={rotate.error} />
    </Dialog>
  )
}

function RemoveDialog({ subscription: { id, name, url }, onClose }: { subscription: Subscription; onClose(): void }) {
  const t = useText()
  const navigate = useNavigate()
  const remove = useRemoval(id)
  return (
    <Dialog
      title={t('events.remove.title', { name: name || url })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="danger"
            busy={remove.isPending}
            onClick={() =>
              remove.mutate(undefined, { onSuccess: () => void navigate({ to: '/settings', search: { section: 'events' } }) })
            }
          >
            {t('events.remove')}
          </Button>
        </>
      }
    >
      <p>{t('events.remove.text')}</p>
      <Refused error={remove.error} />
    </Dialog>
  )
}
