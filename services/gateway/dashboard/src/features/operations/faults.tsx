import { useSystemState } from '../../lib/data/system-state.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { FailIcon, Icon } from '../../ui/icons.tsx'
import type { Overview } from './data.ts'

type Fault = 'database' | 'queue' | 'redis' | 'meta'

/** What keeps the installation from working: cause and cure of each. Nothing while all is well. */
export function Faults({ overview }: { overview: Overview | undefined }) {
  const t = useText()
  const faults = useFaults(overview)
  if (faults.length === 0) return null
  return (
    <section className="grid gap-2" data-faults>
      <h2>{t('operations.faults')}</h2>
      <ul className="grid gap-2">
        {faults.map(fault => (
          <li key={fault} className="flex gap-3 rounded-2 bg-fail-soft px-3 py-2" data-fault={fault}>
            <Icon of={FailIcon} className="mt-0.5 text-fail" />
            <div className="grid min-w-0 gap-0.5">
              <p className="weight-name">
                {fault === 'meta' ? <SlowMeta meta={overview?.meta ?? null} /> : t(`operations.fault.${fault}.cause`)}
              </p>
              <p>{t(`operations.fault.${fault}.cure`)}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The state is known also where the overview cannot be read. */
function useFaults(overview: Overview | undefined): Fault[] {
  const state = useSystemState()
  const { servers, meta } = overview ?? {}
  const found: [Fault, boolean][] = [
    ['database', state?.database === 'away' || servers?.mongodb === false],
    ['queue', state?.queue === 'away' || servers?.rabbitmq === false],
    ['redis', servers?.redis === false],
    ['meta', meta?.isSlow === true],
  ]
  return found.filter(([, isWrong]) => isWrong).map(([fault]) => fault)
}

function SlowMeta({ meta }: { meta: Overview['meta'] }) {
  const { duration } = useFormat()
  if (meta === null) return null
  const { calls, unanswered, p95Ms } = meta
  return <Text id="operations.fault.meta.cause" values={{ calls, unanswered, time: duration(p95Ms) }} />
}
