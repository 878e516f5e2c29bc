import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { TimelineStepView } from '#shared/contracts/timeline.ts'
import type { MessageView } from '#shared/contracts/views.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { sayFailure } from '../../lib/server/say.ts'
import { Dotted } from '../../ui/dotted.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Tick, tickOf } from '../../ui/tick.tsx'
import { useDetail } from '../../ui/use-detail.ts'
import { foundQuery, timelineQuery } from './data.ts'

/** Where is this message? Found by its id or WhatsApp's, or by its words, with every step and its time. */
export function Find() {
  const t = useText()
  const { q = '' } = useSearch({ from: '/shell/operations' })
  const { data, error, refetch, isPending } = useQuery({ ...foundQuery(q), enabled: q !== '' })
  if (q === '') return null
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.find.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bone width="100%" height="8rem" />}
      {data?.length === 0 && <p className="text-ink-2">{t('operations.find.none')}</p>}
      <ul className="grid gap-6">
        {data?.map(message => (
          <li key={message.id} className="grid gap-3 border-t border-line pt-4">
            <Found message={message} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Found({ message }: { message: MessageView }) {
  const t = useText()
  const { full } = useFormat()
  const tick = tickOf(message.status)
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        {tick && <Tick state={tick} />}
        <Link to="/inbox/{-$conversationId}" params={{ conversationId: message.conversationId }} search={{ message: message.id }}>
          {t('operations.find.open')}
        </Link>
      </p>
      <Facts
        facts={[
          [t('operations.at'), full(message.createdAt)],
          [
            t('operations.id'),
            <bdi key="id" dir="ltr" className="font-mono break-all">
              {message.id}
            </bdi>,
          ],
        ]}
      />
      <Steps id={message.id} />
    </>
  )
}

function Steps({ id }: { id: string }) {
  const t = useText()
  const { seconds } = useFormat()
  const { data, error, refetch } = useQuery(timelineQuery(id))
  if (error)
    return (
      <ErrorRow error={error} onRetry={() => void refetch()}>
        {t('operations.timeline.failed')}
      </ErrorRow>
    )
  if (data === undefined) return <Bone width="100%" height="5rem" />
  return (
    <ol className="grid gap-2" aria-label={t('operations.timeline')}>
      {data.steps.map((step, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two steps may be of one kind and time
        <li key={i} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 border-s-2 border-brand ps-3">
          <Step step={step} />
          <p className="figures text-meta text-ink-3">{seconds(step.at)}</p>
        </li>
      ))}
    </ol>
  )
}

function Step({ step }: { step: TimelineStepView }) {
  const t = useText()
  const { duration } = useFormat()
  const { kind, ms, reason, httpStatus, code, error, detail } = step
  const detailOf = useDetail()
  const why = error ? sayFailure(error).sentence : detail && detailOf(detail)
  const facts = [reason, httpStatus && `HTTP ${httpStatus}`, code && String(code), ms !== null && ms > 0 && duration(ms)].filter(
    fact => typeof fact === 'string',
  )
  return (
    <div>
      <p>{t(`operations.step.${kind}`)}</p>
      <p className="text-meta text-ink-3">
        <Dotted facts={facts} /> {why && <bdi>{why}</bdi>}
      </p>
    </div>
  )
}
