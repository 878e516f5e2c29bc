import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { CheckIcon } from '../../ui/icons.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import {
  beginSecondFactor,
  confirmSecondFactor,
  type Enrolment,
  removeSecondFactor,
  renewRecoveryCodes,
  secondFactorQuery,
  useSettingsChange,
} from './data.ts'
import { Part } from './part.tsx'
import { Secret } from './secret.tsx'

type Asked = 'renew' | 'remove'

/** An authenticator app beside the password: set up, renewed and removed here. */
export function SecondFactorSection() {
  const t = useText()
  const { number } = useFormat()
  const { data, error, refetch } = useQuery(secondFactorQuery)
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [asked, setAsked] = useState<Asked | null>(null)
  const begin = useSettingsChange(beginSecondFactor)
  return (
    <Part title={t('settings.factor')} text={t('settings.factor.text')}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('settings.factor.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="60%" height="2rem" />}
      {data?.isInForce && (
        <>
          <p className="flex flex-wrap items-center gap-2">
            <Tag kind="ok" icon={CheckIcon}>
              {t('settings.factor.on')}
            </Tag>
            <span className="text-ink-2">
              <Text id="settings.factor.left" values={{ n: data.recoveryCodesLeft, count: number(data.recoveryCodesLeft) }} />
            </span>
          </p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setAsked('renew')}>{t('settings.factor.renew')}</Button>
            <Button kind="quiet" onClick={() => setAsked('remove')}>
              {t('settings.factor.remove')}
            </Button>
          </div>
        </>
      )}
      {data && !data.isInForce && (
        <>
          {data.isRequired && <p className="text-time">{t('settings.factor.required')}</p>}
          <Refused error={begin.error} />
          <div>
            <Button busy={begin.isPending} onClick={() => begin.mutate(undefined, { onSuccess: setEnrolment })}>
              {t('settings.factor.begin')}
            </Button>
          </div>
        </>
      )}
      {enrolment && <EnrolDialog enrolment={enrolment} onClose={() => setEnrolment(null)} />}
      {asked && <CodeDialog what={asked} onClose={() => setAsked(null)} />}
    </Part>
  )
}

const CodeField = ({ code, onChange }: { code: string; onChange(code: string): void }) => {
  const t = useText()
  return (
    <Field label={t('settings.factor.code')}>
      {ids => (
        <Input
          {...ids}
          data-autofocus
          required
          dir="ltr"
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={40}
          value={code}
          onChange={event => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** The picture for the app, a first code, and then the recovery codes. */
function EnrolDialog({ enrolment, onClose }: { enrolment: Enrolment; onClose(): void }) {
  const t = useText()
  const [code, setCode] = useState('')
  const confirm = useSettingsChange(confirmSecondFactor)
  const codes = confirm.data?.recoveryCodes
  // As a picture of its own: nothing in it can act on the page.
  const picture = `data:image/svg+xml,${encodeURIComponent(enrolment.qrSvg)}`
  return (
    <Dialog title={t('settings.factor.begin')} onClose={onClose}>
      {codes ? (
        <RecoveryCodes codes={codes} onClose={onClose} />
      ) : (
        <form
          className="grid gap-3"
          onSubmit={event => {
            event.preventDefault()
            if (!confirm.isPending) confirm.mutate(code.trim())
          }}
        >
          <p>{t('settings.factor.scan')}</p>
          <img src={picture} alt={t('settings.factor.picture')} className="size-48 justify-self-center rounded-2 bg-white p-2" />
          <p className="text-meta text-ink-2">
            <Text id="settings.factor.secret" values={{ secret: <code key="secret">{enrolment.secret}</code> }} />
          </p>
          <CodeField code={code} onChange={setCode} />
          <Refused error={confirm.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t('ui.cancel')}</Button>
            <Button type="submit" kind="primary" busy={confirm.isPending}>
              {t('settings.factor.confirm')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function CodeDialog({ what, onClose }: { what: Asked; onClose(): void }) {
  const t = useText()
  const [code, setCode] = useState('')
  const renew = useSettingsChange(renewRecoveryCodes)
  const remove = useSettingsChange(removeSecondFactor)
  const submit = () => (what === 'renew' ? renew.mutate(code.trim()) : remove.mutate(code.trim(), { onSuccess: onClose }))
  return (
    <Dialog title={t(`settings.factor.${what}`)} onClose={onClose}>
      {renew.data ? (
        <RecoveryCodes codes={renew.data.recoveryCodes} onClose={onClose} />
      ) : (
        <form
          className="grid gap-3"
          onSubmit={event => {
            event.preventDefault()
            submit()
          }}
        >
          <CodeField code={code} onChange={setCode} />
          <Refused error={renew.error ?? remove.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t('ui.cancel')}</Button>
            <Button type="submit" kind={what === 'renew' ? 'primary' : 'danger'} busy={renew.isPending || remove.isPending}>
              {t(`settings.factor.${what}`)}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose(): void }) {
  const t = useText()
  return (
    <>
      <p>{t('settings.factor.codes')}</p>
      <Secret text={codes.join('\n')} />
      <div className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          {t('settings.factor.kept')}
        </Button>
      </div>
    </>
  )
}
