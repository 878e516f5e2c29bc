import type { TimelineStepView } from '#shared/contracts/timeline.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { sayFailure } from '../../../lib/server/say.ts'
import { Dotted } from '../../../ui/dotted.tsx'
import { useDetail } from '../../../ui/use-detail.ts'
import { LineItem } from './line-item.tsx'

/** Reasons to wait that have words; others are shown by their name. */
const REASONS = [
  'rate',
  'pair',
  'quota',
  'predecessor',
  'media',
  'restricted',
  'paused',
  'scheduled',
  'retry',
  'unknown',
] as const

/** A step of a message: what happened, when, and how long after it was accepted. */
export function Station({ step, isLast }: { step: TimelineStepView; isLast: boolean }) {
  const { milliseconds, duration, full } = useFormat()
  const hasFailed = step.kind === 'failed' || step.outcome === 'refused'
  return (
    <LineItem
      look={hasFailed ? 'failed' : step.isOpen ? 'open' : 'done'}
      isLast={isLast}
      aside={
        <>
          <time dateTime={step.at} title={full(step.at)} dir="ltr" className="block">
            {milliseconds(step.at)}
          </time>
          {step.afterMs > 0 && <span>+{duration(step.afterMs)}</span>}
        </>
      }
    >
      <p>
        <What step={step} />
      </p>
      <Details step={step} />
    </LineItem>
  )
}

function What({ step: { kind, reason, attempt, outcome, ms, times } }: { step: TimelineStepView }) {
  const t = useText()
  const { duration } = useFormat()
  switch (kind) {
    case 'queued':
      return <Text id="timeline.queued" values={{ time: ms === null ? '–' : duration(ms) }} />
    case 'waited': {
      const known = REASONS.find(one => one === reason)
      const why = known ? t(`message.waiting.${known}`) : (reason ?? '')
      return <Text id="timeline.waited" values={{ why, time: ms === null ? '–' : duration(ms), n: times ?? 1 }} />
    }
    case 'attempt':
      return <Text id={`timeline.attempt.${outcome ?? 'open'}`} values={{ n: attempt ?? 1 }} />
    case 'accepted':
    case 'received':
    case 'settled':
    case 'fallback':
    case 'sent':
    case 'delivered':
    case 'read':
    case 'note':
      return <Text id={`timeline.${kind}`} />
    case 'failed':
      return <Text id="timeline.failed.step" />
  }
}

/** What an engineer asks for next: answers of WhatsApp, its trace, our sentence. */
function Details({ step: { httpStatus, code, traceId, error, detail, ms, kind } }: { step: TimelineStepView }) {
  const t = useText()
  const { duration } = useFormat()
  const said = error && sayFailure(error)
  const detailOf = useDetail()
  const facts = [
    ...(kind === 'attempt' && ms !== null ? [duration(ms)] : []),
    ...(httpStatus === null ? [] : [`HTTP ${httpStatus}`]),
    ...(code === null ? [] : [t('timeline.code', { code })]),
  ]
  return (
    <>
      {said && (
        <p className="text-ui">
          <bdi className="text-fail">{said.sentence}</bdi> <bdi className="text-ink-2">{said.nextStep}</bdi>
        </p>
      )}
      {facts.length > 0 && (
        <p className="figures text-meta text-ink-3">
          <Dotted facts={facts} />
        </p>
      )}
      {traceId && (
        <bdi dir="ltr" className="block font-mono text-meta break-all text-ink-3">
          {traceId}
        </bdi>
      )}
      {detail && (
        <bdi dir="auto" className="block text-meta break-words text-ink-3">
          {detailOf(detail)}
        </bdi>
      )}
    </>
  )
}
