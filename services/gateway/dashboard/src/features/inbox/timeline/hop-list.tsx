import { useQuery } from '@tanstack/react-query'
import type { HopView, MessageTraceView } from '#shared/contracts/trace.ts'
import { get } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { useDetail } from '../../../ui/use-detail.ts'
import { LineItem } from './line-item.tsx'

/** No event tells when sockets have emitted one: what is still to come is asked for again. */
const PENDING_EVERY_MS = 5000
/** Times of other systems come in whole seconds, and are said so. */
const EXACT_MS = 1

/** By which hops a message went through the platform, each with the distance to the hop before, and which are still to come. */
export function HopList({ messageId }: { messageId: string }) {
  const t = useText()
  const { data, error, refetch } = useQuery({
    queryKey: keys.trace(messageId),
    queryFn: ({ signal }) => get<MessageTraceView>(`/messages/by-id/${messageId}/trace`, undefined, signal),
    staleTime: PENDING_EVERY_MS,
    refetchInterval: ({ state }) => ((state.data?.pending.length ?? 0) > 0 ? PENDING_EVERY_MS : false),
  })
  return (
    <section aria-label={t('timeline.hops')} className="mt-2 border-t border-line pt-3">
      <header className="flex items-center justify-between gap-2">
        <h3>{t('timeline.hops')}</h3>
        {data && <CopyButton text={JSON.stringify(data, null, 2)} label={t('timeline.hops.copy')} />}
      </header>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('timeline.hops.failed')}
        </ErrorRow>
      )}
      {data ? <Hops trace={data} /> : !error && <Bone width="100%" height="8rem" />}
    </section>
  )
}

function Hops({ trace: { hops, pending, expired } }: { trace: MessageTraceView }) {
  const t = useText()
  return (
    <>
      <p className="text-meta text-ink-3">{t('timeline.hops.text')}</p>
      {expired.map(what => (
        <p key={what} className="text-meta text-ink-3">
          {t(`timeline.hops.expired.${what}`)}
        </p>
      ))}
      <ol data-line="hops" className="mt-3">
        {hops.map((hop, i) => (
          <LineItem
            key={`${hop.hop} ${hop.at} ${hop.about} ${hop.attempt}`}
            look="done"
            isLast={i === hops.length - 1 && pending.length === 0}
            aside={<Margin hop={hop} before={hops[i - 1]} />}
          >
            <p>
              <Name hop={hop} />
            </p>
            <By hop={hop} />
          </LineItem>
        ))}
        {pending.map((hop, i) => (
          <LineItem
            key={`${hop.hop} ${hop.about}`}
            look="open"
            isLast={i === pending.length - 1}
            aside={t('timeline.hops.pending')}
          >
            <p>
              <Name hop={hop} />
            </p>
          </LineItem>
        ))}
      </ol>
    </>
  )
}

/** When, as exactly as the clock tells it, and how long after the hop before. */
function Margin({ hop: { at, afterMs, precisionMs }, before }: { hop: HopView; before: HopView | undefined }) {
  const { seconds, milliseconds, duration, full } = useFormat()
  const isExact = precisionMs <= EXACT_MS
  const distance = before ? afterMs - before.afterMs : 0
  const isNear = !isExact || (before !== undefined && before.precisionMs > EXACT_MS)
  return (
    <>
      <time dateTime={at} title={full(at)} dir="ltr" className="block">
        {isExact ? milliseconds(at) : seconds(at)}
      </time>
      {distance > 0 && (
        <span>
          {isNear && '≈ '}+{duration(distance)}
        </span>
      )}
    </>
  )
}

interface NameProps {
  hop: Pick<HopView, 'hop' | 'about'> & Partial<Pick<HopView, 'attempt' | 'by'>>
}

/** What happened: in which attempt, or of which report. */
function Name({ hop: { hop, about, attempt = null, by } }: NameProps) {
  const t = useText()
  const what = useReport()(about)
  if (hop === 'status') return <Text id="timeline.hop.status" values={{ what: what ?? '' }} />
  const id = hop === 'answered' && by === 'sender' ? 'unanswered' : hop
  return (
    <>
      {t(`timeline.hop.${id}`)}
      {attempt !== null && <Text id="timeline.hop.attempt" values={{ n: attempt }} />}
      {what !== null && <Text id="timeline.hop.about" values={{ what }} />}
    </>
  )
}

const REPORTS = {
  SENT: 'timeline.sent',
  DELIVERED: 'timeline.delivered',
  READ: 'timeline.read',
  FAILED: 'timeline.failed.step',
} as const

/** Words for what a hop is about; another outcome is shown as the API names it. */
function useReport(): (about: string | null) => string | null {
  const t = useText()
  return about => {
    const known = REPORTS[about?.toUpperCase() as keyof typeof REPORTS]
    return known ? t(known) : about
  }
}

const PARTS: Partial<Record<HopView['by'], string>> = { rabbitmq: 'RabbitMQ', mongodb: 'MongoDB', meta: 'WhatsApp' }

/** The part of the platform whose clock it is, and what it noted. */
function By({ hop: { by, detail } }: { hop: HopView }) {
  const detailOf = useDetail()
  return (
    <p className="text-meta break-words text-ink-3">
      <bdi dir="ltr">{PARTS[by] ?? by}</bdi>
      {detail && (
        <>
          {' · '}
          <bdi dir="auto">{detailOf(detail)}</bdi>
        </>
      )}
    </p>
  )
}
