import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Payload } from '../../ui/payload.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { Tag } from '../../ui/tag.tsx'
import { eventQuery, eventsQuery, replayEvent, useOperation, type WebhookEvent } from './data.ts'
import { Drawer } from './drawer.tsx'
import { List, StateSelect } from './list.tsx'
import { ReplayResult } from './replay-result.tsx'
import { EVENT_STATES, type EventState, readOperationsSearch } from './search.ts'

const KINDS = { PENDING: 'time', PROCESSED: 'ok', FAILED: 'fail', IGNORED: 'plain' } as const

/** What Meta has sent, and what became of it. */
export function Events() {
  const t = useText()
  const { dateTime } = useFormat()
  const { status, open } = useSearch({ from: '/shell/operations' })
  const navigate = useNavigate({ from: '/operations' })
  const query = useInfiniteQuery(eventsQuery(status))
  return (
    <>
      <StateSelect<EventState>
        label={t('operations.state')}
        all={t('operations.allStates')}
        value={status}
        states={EVENT_STATES}
        nameOf={state => t(`operations.event.${state}`)}
        onChange={value => void navigate({ search: readOperationsSearch({ view: 'events', status: value }), replace: true })}
      />
      <List query={query} none={t('operations.events.none')}>
        {rows => (
          <Table heads={[t('operations.at'), t('operations.kind'), t('operations.state'), t('operations.why')]}>
            {rows.map(event => (
              <tr key={event.id} className="border-b border-line hover:bg-hover">
                <Cell isHead isFigure>
                  <Link from="/operations" to="/operations" search={before => ({ ...before, open: event.id })}>
                    {dateTime(event.receivedAt)}
                  </Link>
                </Cell>
                <Cell>
                  <bdi dir="ltr" className="font-mono">
                    {event.field}
                  </bdi>
                </Cell>
                <Cell>
                  <StateTag event={event} />
                </Cell>
                <Cell>
                  <bdi>{event.processingError}</bdi>
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </List>
      {open && <EventDrawer key={open} id={open} onClose={() => void navigate({ search: ({ open: _open, ...rest }) => rest })} />}
    </>
  )
}

function StateTag({ event: { status } }: { event: WebhookEvent }) {
  const t = useText()
  return <Tag kind={KINDS[status]}>{t(`operations.event.${status}`)}</Tag>
}

function EventDrawer({ id, onClose }: { id: string; onClose(): void }) {
  const t = useText()
  const { full, number } = useFormat()
  const { data, error, refetch } = useQuery(eventQuery(id))
  const mayReplay = useMay('webhookEvents.replay')
  const replay = useOperation(replayEvent)
  return (
    <Drawer title={t('operations.event')} onClose={onClose}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.one.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="10rem" />}
      {data && (
        <>
          <Facts
            facts={[
              [t('operations.state'), <StateTag key="state" event={data} />],
              [t('operations.at'), full(data.receivedAt)],
              [t('operations.kind'), <code key="kind">{data.field}</code>],
              [t('operations.attempts'), number(data.attempts)],
              ...(data.processingError ? [[t('operations.why'), data.processingError] as const] : []),
            ]}
          />
          {mayReplay && data.status !== 'PROCESSED' && (
            <div className="flex flex-wrap gap-2">
              <Button busy={replay.isPending} onClick={() => replay.mutate({ id, dryRun: true })}>
                {t('operations.dryRun')}
              </Button>
              <Button kind="primary" busy={replay.isPending} onClick={() => replay.mutate({ id, dryRun: false })}>
                {t('operations.replay')}
              </Button>
            </div>
          )}
          <Refused error={replay.error} />
          {replay.data && <ReplayResult replay={replay.data} />}
          <h3>{t('operations.payload')}</h3>
          <Payload text={JSON.stringify(data.payload, null, 2)} />
        </>
      )}
    </Drawer>
  )
}
