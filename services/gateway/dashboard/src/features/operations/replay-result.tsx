import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import type { Replay } from './data.ts'

/** What a replay did, or would do. */
export function ReplayResult({ replay }: { replay: Replay }) {
  const t = useText()
  const { number } = useFormat()
  const outcomes = Object.entries(Object.groupBy(replay.data, ({ outcome }) => outcome))
  return (
    <div role="status" className="grid gap-1 rounded-2 bg-brand-soft p-3" data-replay={replay.dryRun ? 'dry' : 'done'}>
      <p className="weight-name">{t(replay.dryRun ? 'operations.dryRun.result' : 'operations.replay.result')}</p>
      <ul>
        {outcomes.map(([outcome, rows]) => (
          <li key={outcome}>
            {t(`operations.outcome.${outcome as Replay['data'][number]['outcome']}`)} · {number(rows.length)}
            {rows[0]?.reason && (
              <>
                {' '}
                <bdi className="text-ink-2">{rows[0].reason}</bdi>
              </>
            )}
          </li>
        ))}
        {replay.changes.map(({ kind, action, id }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: changes have no other identity
          <li key={i} className="text-meta text-ink-2">
            <bdi dir="ltr" className="font-mono">
              {[action, kind, id].filter(Boolean).join(' ')}
            </bdi>
          </li>
        ))}
      </ul>
    </div>
  )
}
