import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Facts } from '../../../ui/facts.tsx'
import { BackIcon, FailIcon, Icon } from '../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { type Subscription, subscriptionQuery, useIsGoing } from './data.ts'
import { Deeds } from './deeds.tsx'
import { Deliveries } from './deliveries.tsx'
import { Outcome, StateOf } from './state.tsx'

/** One subscription: whether it works, what can be done with it, and each delivery with its attempts. */
export function OneSubscription({ id }: { id: string }) {
  const t = useText()
  const { data, error, refetch } = useQuery({ ...subscriptionQuery(id), enabled: !useIsGoing(id) })
  return (
    <div className="grid gap-5">
      <Link to="/settings" search={{ section: 'events' }} className="flex w-fit items-center gap-1.5">
        <Icon of={BackIcon} className="turns" />
        {t('events.back')}
      </Link>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('events.one.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="12rem" />}
      {data && <Shown subscription={data} />}
    </div>
  )
}

function Shown({ subscription }: { subscription: Subscription }) {
  const mayWrite = useMay('subscriptions.write')
  const { name, url } = subscription
  return (
    <>
      <header className="grid gap-1">
        <div className="flex flex-wrap items-center gap-2">
          <h2 className="break-all">
            <bdi>{name || url}</bdi>
          </h2>
          <StateOf subscription={subscription} />
        </div>
        <Notice subscription={subscription} />
      </header>
      {mayWrite && <Deeds subscription={subscription} />}
      <About subscription={subscription} />
      <Deliveries subscription={subscription} />
    </>
  )
}

/** Why the platform has switched it off, or is about to, and what to do. */
function Notice({ subscription: { status, disabledReason, failingSince, lastProblem } }: { subscription: Subscription }) {
  const t = useText()
  const { full } = useFormat()
  const isStopped = status === 'disabled' && disabledReason !== null && disabledReason !== 'user'
  if (!isStopped && !(status === 'enabled' && failingSince)) return null
  return (
    <div role="status" className="flex max-w-[44rem] gap-2 rounded-2 bg-fail-soft px-3 py-2">
      <Icon of={FailIcon} className="text-fail" />
      <p>
        {isStopped ? (
          t(`events.notice.${disabledReason}`)
        ) : (
          <Text id="events.notice.since" values={{ at: failingSince ? full(failingSince) : '' }} />
        )}{' '}
        {lastProblem && <Outcome attempt={{ problem: lastProblem, status: null }} />}
      </p>
    </div>
  )
}

function About({ subscription: { url, types, secrets, lastDeliveredAt } }: { subscription: Subscription }) {
  const t = useText()
  const { full } = useFormat()
  return (
    <Facts
      facts={[
        [
          t('events.url'),
          <span key="url" dir="ltr" className="font-mono text-meta break-all">
            {url}
          </span>,
        ],
        [
          t('events.types'),
          types.length === 0 ? (
            t('events.types.all')
          ) : (
            <span key="types" dir="ltr" className="font-mono text-meta break-words">
              {types.join(' ')}
            </span>
          ),
        ],
        [t('events.delivered'), lastDeliveredAt ? full(lastDeliveredAt) : t('events.last.never')],
        ...secrets.map(
          ({ id, createdAt, expiresAt }) =>
            [
              t('events.secret'),
              <span key={id}>
                <Text id="events.secret.since" values={{ at: full(createdAt) }} />
                {expiresAt && (
                  <>
                    {' · '}
                    <Text id="events.secret.until" values={{ at: full(expiresAt) }} />
                  </>
                )}
              </span>,
            ] as const,
        ),
      ]}
    />
  )
}
