import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { type AuditEntry, auditQuery, saveAudit } from './data.ts'
import { List } from './list.tsx'

/** Who did what, newest first. Nobody can change or delete it. */
export function Audit() {
  const t = useText()
  const { dateTime } = useFormat()
  const query = useInfiniteQuery(auditQuery)
  const save = useMutation({ mutationFn: saveAudit })
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Button small busy={save.isPending} onClick={() => save.mutate()}>
          {t('operations.csv')}
        </Button>
        <Refused error={save.error} />
      </div>
      <List query={query} none={t('operations.audit.none')}>
        {rows => (
          <Table heads={[t('operations.at'), t('operations.who'), t('operations.did'), t('operations.changed')]}>
            {rows.map(entry => (
              <tr key={entry.id} className="border-b border-line align-top">
                <Cell isHead isFigure>
                  {dateTime(entry.at)}
                </Cell>
                <Cell>
                  <bdi>{entry.actor.name ?? t(`operations.actor.${entry.actor.kind}`)}</bdi>
                </Cell>
                <Cell>
                  <bdi dir="ltr" className="font-mono">
                    {entry.action}
                  </bdi>
                </Cell>
                <Cell>
                  <Changes entry={entry} />
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </List>
    </>
  )
}

const shown = (value: unknown) =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)

function Changes({ entry: { changes } }: { entry: AuditEntry }) {
  return (
    <ul>
      {Object.entries(changes).map(([field, { before, after }]) => (
        <li key={field} className="break-words">
          {/* The arrow points from left to right in every language. */}
          <bdi dir="ltr">
            <span className="font-mono">{field}</span>: <bdi className="text-ink-3">{shown(before).slice(0, 200)}</bdi> →{' '}
            <bdi>{shown(after).slice(0, 200)}</bdi>
          </bdi>
        </li>
      ))}
    </ul>
  )
}
