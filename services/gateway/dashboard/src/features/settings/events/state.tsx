import { useText } from '../../../lib/i18n/text.tsx'
import { Tag } from '../../../ui/tag.tsx'
import type { Attempt, Delivery, Subscription } from './data.ts'

/** Whether events go there: on, on but failing, or off by whom. */
export function StateOf({ subscription: { status, disabledReason, failingSince } }: { subscription: Subscription }) {
  const t = useText()
  if (status === 'disabled' && disabledReason !== 'user') return <Tag kind="fail">{t('events.state.stopped')}</Tag>
  if (status === 'disabled') return <Tag>{t('events.state.off')}</Tag>
  return failingSince ? <Tag kind="fail">{t('events.state.failing')}</Tag> : <Tag kind="ok">{t('events.state.on')}</Tag>
}

const KINDS = { pending: 'time', delivered: 'ok', failed: 'fail' } as const

export function DeliveryTag({ state }: Pick<Delivery, 'state'>) {
  const t = useText()
  return <Tag kind={KINDS[state]}>{t(`events.delivery.${state}`)}</Tag>
}

/** What came of an attempt, in a sentence. */
export function Outcome({ attempt: { problem, status } }: { attempt: Pick<Attempt, 'problem' | 'status'> }) {
  const t = useText()
  return (
    <>
      {t(problem === null ? 'events.attempt.delivered' : `events.problem.${problem}`)}
      {status !== null && (
        <>
          {' '}
          <bdi dir="ltr" className="figures">
            HTTP {status}
          </bdi>
        </>
      )}
    </>
  )
}
