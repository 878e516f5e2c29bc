import { useQuery } from '@tanstack/react-query'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { IconButton } from '../../ui/button.tsx'
import { CheckIcon, FailIcon, RefreshIcon } from '../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { type TenantNumber, type TenantStatus, tenantStatusQuery } from './data.ts'

/** Can this account's numbers send? As Meta says now. */
export function Numbers({ id }: { id: string }) {
  const t = useText()
  const { data, error, refetch, isFetching } = useQuery(tenantStatusQuery(id))
  return (
    <div className="grid gap-2 pb-3">
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('tenants.numbers.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="60%" height="2.5rem" />}
      {data && <Status status={data} isFetching={isFetching} onAgain={() => void refetch()} />}
    </div>
  )
}

function Status({ status, isFetching, onAgain }: { status: TenantStatus; isFetching: boolean; onAgain(): void }) {
  const t = useText()
  const { number, seconds } = useFormat()
  const waiting = Object.values(status.backlog).reduce((sum, one) => sum + one.waiting, 0)
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-ink-3">
        <Tag kind={status.isHealthy ? 'ok' : 'fail'} icon={status.isHealthy ? CheckIcon : FailIcon}>
          {t(status.isHealthy ? 'tenants.healthy' : 'tenants.unhealthy')}
        </Tag>
        <span>
          <Text id="tenants.waiting" values={{ n: waiting, count: number(waiting) }} />
        </span>
        <span>
          <Text id="tenants.checkedAt" values={{ at: seconds(status.checkedAt) }} />
        </span>
        <IconButton small icon={RefreshIcon} label={t('tenants.again')} aria-busy={isFetching} onClick={onAgain} />
      </p>
      {status.numbers.length === 0 && <p className="text-ink-2">{t('tenants.numbers.none')}</p>}
      <ul className="grid gap-2">
        {status.numbers.map(one => (
          <NumberRow key={one.id} number={one} />
        ))}
      </ul>
    </>
  )
}

function NumberRow({ number: { whatsappNumber, phoneNumberId, status, reason, token, subscription } }: { number: TenantNumber }) {
  const t = useText()
  const problems = [
    reason,
    token.isValid === false ? (token.problem ?? t('tenants.token.invalid')) : null,
    subscription.isSubscribed === false ? (subscription.problem ?? t('tenants.subscription.none')) : null,
  ].filter(problem => problem !== null)
  return (
    <li className="border-s-2 border-line ps-3">
      <p className="flex flex-wrap items-center gap-2">
        <bdi dir="ltr">{whatsappNumber ?? phoneNumberId}</bdi>
        <Tag kind={status === 'active' ? 'ok' : 'fail'}>{t(`tenants.number.${status}`)}</Tag>
      </p>
      {problems.map(problem => (
        <p key={problem} className="text-meta text-ink-2">
          <bdi>{problem}</bdi>
        </p>
      ))}
    </li>
  )
}
