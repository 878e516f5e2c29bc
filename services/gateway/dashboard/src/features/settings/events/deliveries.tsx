import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { Select } from '../../../ui/field.tsx'
import { Payload } from '../../../ui/payload.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { Tag } from '../../../ui/tag.tsx'
import { DELIVERY_STATES, readSettingsSearch } from '../sections.ts'
import { bodyQuery, type Delivery, deliveriesQuery, replayOne, type Subscription, useEventsChange, useIsGoing } from './data.ts'
import { DeliveryTag, Outcome } from './state.tsx'

/** Each event that went there in the last week: what it was, how each attempt ended, and another one. */
export function Deliveries({ subscription }: { subscription: Subscription }) {
  const t = useText()
  const { number } = useFormat()
  const { state } = useSearch({ from: '/shell/settings' })
  const query = useInfiniteQuery({ ...deliveriesQuery(subscription, state), enabled: !useIsGoing(subscription.id) })
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const rows = data?.pages.flatMap(page => page.data)
  const { replay } = subscription
  return (
    <section className="grid gap-2">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h2>{t('events.deliveries')}</h2>
        <StateFilter />
      </header>
      {replay && (
        <p role="status" className="text-time">
          <Text id="events.replay.running" values={{ n: replay.ordered, count: number(replay.ordered) }} />
        </p>
      )}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('events.deliveries.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bone width="100%" height="8rem" />}
      {rows?.length === 0 && <p className="text-ink-2">{t(state ? 'events.deliveries.noneSo' : 'events.deliveries.none')}</p>}
      {rows && rows.length > 0 && (
        <ul aria-label={t('events.deliveries')} className="border-b border-line">
          {rows.map(row => (
            <Row key={row.id} delivery={row} isOn={subscription.status === 'enabled'} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('events.deliveries.more')}
          </Button>
        </div>
      )}
    </section>
  )
}

function StateFilter() {
  const t = useText()
  const search = useSearch({ from: '/shell/settings' })
  const navigate = useNavigate()
  return (
    <div className="w-44">
      <Select
        aria-label={t('events.deliveries.state')}
        value={search.state ?? ''}
        onChange={({ target: { value } }) =>
          void navigate({ to: '/settings', search: readSettingsSearch({ ...search, state: value }), replace: true })
        }
      >
        <option value="">{t('events.deliveries.all')}</option>
        {DELIVERY_STATES.map(state => (
          <option key={state} value={state}>
            {t(`events.delivery.${state}`)}
          </option>
        ))}
      </Select>
    </div>
  )
}

/** What a test found is found by another test; nothing goes to a subscription that is off. */
function Row({ delivery, isOn }: { delivery: Delivery; isOn: boolean }) {
  const t = useText()
  const { full, number } = useFormat()
  const mayWrite = useMay('subscriptions.write')
  const [isOpen, setOpen] = useState(false)
  const again = useEventsChange(replayOne)
  const { id, type, at, state, isTest, attempts, nextAttemptAt } = delivery
  const last = attempts.at(-1)
  return (
    <li className="grid gap-2 border-t border-line py-2.5" data-delivery={state}>
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 max-two:grid-cols-1">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2">
            <bdi dir="ltr" className="font-mono text-ui">
              {type}
            </bdi>
            <DeliveryTag state={state} />
            {isTest && <Tag>{t('events.delivery.test')}</Tag>}
          </p>
          <p className="text-meta text-ink-3">
            {full(at)} · <Text id="events.attempts" values={{ n: attempts.length, count: number(attempts.length) }} />
            {last && (
              <>
                {' · '}
                <Outcome attempt={last} />
              </>
            )}
            {state === 'pending' && nextAttemptAt && attempts.length > 0 && (
              <>
                {' · '}
                <Text id="events.attempt.next" values={{ at: full(nextAttemptAt) }} />
              </>
            )}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button small kind="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('events.details')}
          </Button>
          {mayWrite && isOn && !isTest && (
            <Button small busy={again.isPending} onClick={() => again.mutate(id)}>
              {t('events.again')}
            </Button>
          )}
        </div>
      </div>
      <Refused error={again.error} />
      {isOpen && <Details delivery={delivery} />}
    </li>
  )
}

/** Each attempt, and what is posted. */
function Details({ delivery: { id, subscriptionId, eventId, attempts } }: { delivery: Delivery }) {
  const t = useText()
  const { seconds, duration, full } = useFormat()
  const { data, error, refetch } = useQuery({ ...bodyQuery(id), enabled: !useIsGoing(subscriptionId) })
  return (
    <div className="grid gap-2 ps-3">
      {attempts.length > 0 && (
        <ol className="grid gap-1" aria-label={t('events.attempts.title')}>
          {attempts.map(attempt => (
            <li key={attempt.at} className="text-ui">
              <time dateTime={attempt.at} title={full(attempt.at)} className="figures text-ink-3">
                {seconds(attempt.at)}
              </time>{' '}
              <Outcome attempt={attempt} /> <span className="figures text-ink-3">{duration(attempt.durationMs)}</span>
              {attempt.detail && (
                <span className="block text-meta break-words text-ink-3">
                  <bdi>{attempt.detail}</bdi>
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
      <p className="text-meta text-ink-3">
        <bdi dir="ltr" className="font-mono break-all">
          webhook-id: {eventId}
        </bdi>
      </p>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('events.body.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="6rem" />}
      {data && <Payload text={data} />}
    </div>
  )
}
