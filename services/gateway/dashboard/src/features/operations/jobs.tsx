import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { Tag } from '../../ui/tag.tsx'
import { jobsQuery } from './data.ts'
import { List, StateSelect } from './list.tsx'
import { JOB_STATES, type JobState, readOperationsSearch } from './search.ts'

const KINDS = { PENDING: 'time', RUNNING: 'brand', DONE: 'ok', FAILED: 'fail' } as const

/** Sends, webhook events and template syncs as jobs, newest first. */
export function Jobs() {
  const t = useText()
  const { dateTime, number } = useFormat()
  const { job } = useSearch({ from: '/shell/operations' })
  const navigate = useNavigate({ from: '/operations' })
  const query = useInfiniteQuery(jobsQuery(job))
  return (
    <>
      <StateSelect<JobState>
        label={t('operations.state')}
        all={t('operations.allStates')}
        value={job}
        states={JOB_STATES}
        nameOf={state => t(`operations.job.${state}`)}
        onChange={value => void navigate({ search: readOperationsSearch({ view: 'jobs', job: value }), replace: true })}
      />
      <List query={query} none={t('operations.jobs.none')}>
        {rows => (
          <Table
            heads={[
              t('operations.at'),
              t('operations.kind'),
              t('operations.state'),
              t('operations.attempts'),
              t('operations.error'),
            ]}
          >
            {rows.map(({ id, type, status, attempts, error, createdAt }) => (
              <tr key={`${type} ${id}`} className="border-b border-line">
                <Cell isHead isFigure>
                  {dateTime(createdAt)}
                </Cell>
                <Cell>{t(`operations.job.${type}`)}</Cell>
                <Cell>
                  <Tag kind={KINDS[status]}>{t(`operations.job.${status}`)}</Tag>
                </Cell>
                <Cell isFigure>{number(attempts)}</Cell>
                <Cell>
                  <bdi>{error}</bdi>
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </List>
    </>
  )
}
