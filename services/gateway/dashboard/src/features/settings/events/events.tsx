import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button } from '../../../ui/button.tsx'
import { OperationsIcon, PlusIcon } from '../../../ui/icons.tsx'
import { Bone, Empty, ErrorRow } from '../../../ui/states.tsx'
import { type Subscription, subscriptionsQuery } from './data.ts'
import { NewSubscription } from './new-subscription.tsx'
import { OneSubscription } from './one-subscription.tsx'
import { StateOf } from './state.tsx'

/** Which programs of ours hear what happens here, and does it reach them? */
export default function Events() {
  const { open } = useSearch({ from: '/shell/settings' })
  return open ? <OneSubscription key={open} id={open} /> : <List />
}

function List() {
  const t = useText()
  const mayWrite = useMay('subscriptions.write')
  const { data, error, refetch } = useQuery(subscriptionsQuery)
  const [isNew, setNew] = useState(false)
  return (
    <div className="grid gap-4">
      <p className="max-w-[40rem] text-ink-2">{t('events.text')}</p>
      {mayWrite && (
        <div>
          <Button kind="primary" icon={PlusIcon} onClick={() => setNew(true)}>
            {t('events.new')}
          </Button>
        </div>
      )}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('events.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="6rem" />}
      {data?.length === 0 && <Empty icon={OperationsIcon} title={t('events.none')} text={t('events.none.text')} />}
      {data && data.length > 0 && (
        <ul aria-label={t('settings.section.events')} className="border-b border-line">
          {data.map(subscription => (
            <Row key={subscription.id} subscription={subscription} />
          ))}
        </ul>
      )}
      {isNew && <NewSubscription onClose={() => setNew(false)} />}
    </div>
  )
}

function Row({ subscription }: { subscription: Subscription }) {
  const t = useText()
  const { full } = useFormat()
  const { id, name, url, types, lastDeliveredAt } = subscription
  return (
    <li className="relative grid gap-0.5 border-t border-line px-2 py-3 hover:bg-hover">
      <p className="flex flex-wrap items-center gap-2">
        <Link
          to="/settings"
          search={{ section: 'events', open: id }}
          className="weight-name min-w-0 break-all after:absolute after:inset-0"
        >
          <bdi>{name || url}</bdi>
        </Link>
        <StateOf subscription={subscription} />
      </p>
      {name && (
        <p className="text-meta break-all text-ink-3">
          <bdi dir="ltr" className="font-mono">
            {url}
          </bdi>
        </p>
      )}
      <p className="text-meta text-ink-3">
        {types.length === 0 ? t('events.types.all') : <Text id="events.types.some" values={{ n: types.length }} />} ·{' '}
        {lastDeliveredAt ? <Text id="events.last" values={{ at: full(lastDeliveredAt) }} /> : t('events.last.never')}
      </p>
    </li>
  )
}
