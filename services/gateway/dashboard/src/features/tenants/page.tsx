import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { actIn, actingNow } from '../../lib/session/acting.ts'
import { useMay } from '../../lib/session/rights.ts'
import { useUser } from '../../lib/session/session-store.ts'
import { Button } from '../../ui/button.tsx'
import { PlusIcon, TenantsIcon } from '../../ui/icons.tsx'
import { LinkDialog, type OneTimeLink } from '../../ui/link-dialog.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Empty, ErrorRow, ListBones } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { ChangeDialog } from './change-dialog.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { changesOf, type Tenant, type TenantChange, tenantsQuery, volumeQuery } from './data.ts'
import { Filters, useSearchChange } from './filters.tsx'
import { Numbers } from './numbers.tsx'
import { readTenantsSearch } from './search.ts'

/** Who is on this platform, and who is in trouble? */
export default function TenantsPage() {
  const t = useText()
  const mayAny = useMay('tenants.any')
  const mayCreate = useMay('tenants.create')
  const [isCreating, setCreating] = useState(false)
  const [shown, setShown] = useState<{ name: string; link: OneTimeLink } | null>(null)
  useEffect(() => {
    document.title = `${t('app.nav.tenants')} · Linko`
  })
  if (!mayAny) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] content-start gap-4 p-5 max-two:p-3">
      <header className="flex items-center justify-between gap-3">
        <h1>{t('app.nav.tenants')}</h1>
        {mayCreate && (
          <Button kind="primary" icon={PlusIcon} onClick={() => setCreating(true)}>
            {t('tenants.create')}
          </Button>
        )}
      </header>
      <Filters />
      <List />
      {isCreating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onCreated={(name, link) => {
            setCreating(false)
            setShown({ name, link })
          }}
        />
      )}
      {shown && <LinkDialog {...shown} onClose={() => setShown(null)} />}
    </div>
  )
}

function List() {
  const t = useText()
  const { status, q, open } = useSearch({ from: '/shell/tenants' })
  const change = useSearchChange()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    tenantsQuery({ status, q }),
  )
  const { data: volumes } = useQuery(volumeQuery)
  const [asked, setAsked] = useState<{ tenant: Tenant; change: TenantChange } | null>(null)
  const tenants = data?.pages.flatMap(page => page.data)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('tenants.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <ListBones />}
      {tenants?.length === 0 && (
        <Empty
          icon={TenantsIcon}
          title={t('tenants.none')}
          action={<Button onClick={() => change({ q: undefined, status: undefined })}>{t('tenants.showAll')}</Button>}
        />
      )}
      {tenants && tenants.length > 0 && (
        <ul aria-label={t('app.nav.tenants')} className="border-b border-line">
          {tenants.map(tenant => (
            <Row
              key={tenant.id}
              tenant={tenant}
              isOpen={tenant.id === open}
              sent={volumes && (volumes.get(tenant.id) ?? 0)}
              onChange={one => setAsked({ tenant, change: one })}
            />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('tenants.more')}
        </Button>
      )}
      {asked && <ChangeDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  )
}

const KINDS = { active: 'ok', suspended: 'time', deactivated: 'fail' } as const

interface RowProps {
  tenant: Tenant
  isOpen: boolean
  /** Messages of the last 30 days; undefined while they are not known. */
  sent: number | undefined
  onChange(change: TenantChange): void
}

function Row({ tenant, isOpen, sent, onChange }: RowProps) {
  const t = useText()
  const { number, date } = useFormat()
  const { id, name, status, timezone, createdAt } = tenant
  const isOwn = useUser().tenantId === id
  return (
    <li className="grid gap-2 border-t border-line px-2 py-2.5">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2">
            <Link
              from="/tenants"
              to="/tenants"
              search={before => readTenantsSearch({ ...before, open: isOpen ? undefined : id })}
              aria-expanded={isOpen}
              className="weight-name text-brand underline-offset-2 hover:underline"
            >
              <bdi>{name}</bdi>
            </Link>
            <Tag kind={KINDS[status]}>{t(`tenants.state.${status}`)}</Tag>
            {isOwn && <span className="text-meta text-ink-3">{t('tenants.own')}</span>}
          </p>
          <p className="flex flex-wrap gap-x-2 text-meta text-ink-3">
            <span>
              <Text id="tenants.since" values={{ at: date(createdAt) }} />
            </span>
            <bdi dir="ltr">{timezone}</bdi>
            {sent !== undefined && (
              <span>
                <Text id="tenants.sent" values={{ n: sent, count: number(sent) }} />
              </span>
            )}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {changesOf(tenant, isOwn).map(change => (
            <Button key={change} small aria-label={t(`tenants.${change}.of`, { name })} onClick={() => onChange(change)}>
              {t(`tenants.${change}`)}
            </Button>
          ))}
          {!isOwn && actingNow()?.id !== id && (
            <Button small aria-label={t('tenants.act.of', { name })} onClick={() => actIn(tenant)}>
              {t('tenants.act')}
            </Button>
          )}
        </div>
      </div>
      {isOpen && <Numbers id={id} />}
    </li>
  )
}
