import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import type { TextId } from '../../lib/i18n/text-ids.ts'
import { say } from '../../lib/server/say.ts'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { CheckIcon, ClockIcon, FailIcon, Icon, InfoIcon, type TablerIcon } from '../../ui/icons.tsx'
import { type Connection, type ConnectionStep, continueConnection, useNumberChange } from './data.ts'

const LOOKS: Record<ConnectionStep['state'], { icon: TablerIcon; className: string }> = {
  PENDING: { icon: ClockIcon, className: 'text-ink-3' },
  RUNNING: { icon: ClockIcon, className: 'text-time' },
  DONE: { icon: CheckIcon, className: 'text-ok' },
  SKIPPED: { icon: CheckIcon, className: 'text-ink-3' },
  TODO: { icon: InfoIcon, className: 'text-time' },
  FAILED: { icon: FailIcon, className: 'text-fail' },
}
const KNOWN = new Set(
  'token scopes waba number pin register subscribe connect contacts history webhook template unsubscribe revoke'.split(' '),
)
const textOf = (key: string): TextId | null => (KNOWN.has(key) ? (`numbers.step.${key}` as TextId) : null)

/** Steps of a connection: state, what went wrong in our words and in Meta's, what to do, and another try. */
export function StepList({ connection }: { connection: Connection }) {
  const isFailed = connection.steps.some(({ state }) => state === 'FAILED')
  return (
    <div className="grid gap-3">
      <ol className="grid gap-0.5">
        {connection.steps.map(step => (
          <StepRow
            key={`${step.key} ${step.wabaId} ${step.phoneNumberId}`}
            step={step}
            about={connection.numbers.length > 1 ? phoneOf(connection, step) : null}
          />
        ))}
      </ol>
      {isFailed && connection.kind !== 'disconnect' && <TryAgain connection={connection} />}
    </div>
  )
}

/** The number that a step is about, where it is about one. */
const phoneOf = ({ numbers }: Connection, { phoneNumberId }: ConnectionStep) =>
  phoneNumberId === null ? null : (numbers.find(one => one.phoneNumberId === phoneNumberId)?.whatsappNumber ?? phoneNumberId)

function StepRow({ step, about }: { step: ConnectionStep; about: string | null }) {
  const t = useText()
  const { icon, className } = LOOKS[step.state]
  const mayWrite = useMay('templates.write')
  const text = textOf(step.key)
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)] gap-2 py-1" data-step={step.key} data-state={step.state}>
      <Icon of={icon} className={clsx('mt-0.5', className)} />
      <div className="min-w-0">
        <p>
          {text === null ? <bdi dir="ltr">{step.key}</bdi> : t(text)}{' '}
          {about && (
            <bdi dir="ltr" className="figures text-ink-2">
              {about}
            </bdi>
          )}{' '}
          <span className="text-meta text-ink-3">{t(`numbers.state.${step.state}`)}</span>
        </p>
        {step.note && <p className="text-meta text-ink-2">{say(step.note, step.noteKey)}</p>}
        {step.sentence && (
          <p className={step.state === 'FAILED' ? 'text-fail' : 'text-ink-2'}>
            <bdi>{say(step.sentence, step.sentenceKey)}</bdi>{' '}
            {step.cure && <bdi className="text-ink">{say(step.cure, step.cureKey)}</bdi>}
          </p>
        )}
        {step.key === 'template' && step.state === 'TODO' && mayWrite && (
          <p>
            <Link to="/templates/new">{t('numbers.step.template.go')}</Link>
          </p>
        )}
        {step.metaText && (
          <p className="text-meta text-ink-3">
            <Text id="numbers.metaSays" values={{ text: step.metaText, code: step.code ?? '–' }} />
          </p>
        )}
      </div>
    </li>
  )
}

/** Goes on where a connection failed. A code of Meta's that no longer works needs a new dialog. */
function TryAgain({ connection }: { connection: Connection }) {
  const t = useText()
  const [pin, setPin] = useState('')
  const isPinAsked = connection.steps.some(({ key, state }) => state === 'FAILED' && (key === 'register' || key === 'pin'))
  const goOn = useNumberChange(continueConnection)
  return (
    <form
      className="grid max-w-80 gap-3"
      onSubmit={event => {
        event.preventDefault()
        if (goOn.isPending) return
        goOn.mutate(
          { id: connection.id, ...(pin && { pin }) },
          { onSuccess: ({ oauthUrl }) => oauthUrl !== null && window.location.assign(oauthUrl) },
        )
      }}
    >
      {isPinAsked && (
        <Field label={t('numbers.pin')} hint={t('numbers.pin.hint')}>
          {ids => (
            <Input
              {...ids}
              inputMode="numeric"
              pattern="\d{6}"
              maxLength={6}
              dir="ltr"
              value={pin}
              onChange={event => setPin(event.target.value)}
            />
          )}
        </Field>
      )}
      <div>
        <Button type="submit" kind="primary" busy={goOn.isPending}>
          {t('ui.tryAgain')}
        </Button>
      </div>
      {goOn.error && !(goOn.error instanceof Problem && goOn.error.errorCode === 'CONNECTION_FAILED') && (
        <p role="alert" className="text-fail">
          {t('numbers.failed')} <bdi>{goOn.error instanceof Problem ? goOn.error.detail : null}</bdi>
        </p>
      )}
    </form>
  )
}
