import clsx from 'clsx'
import { useText } from '../../../lib/i18n/text.tsx'
import { CheckIcon, Icon } from '../../../ui/icons.tsx'
import { STEPS, type Step } from '../search.ts'

/** Where a new campaign stands. */
export function Steps({ now }: { now: Step }) {
  const t = useText()
  const place = STEPS.indexOf(now)
  return (
    <ol aria-label={t('campaigns.steps')} className="flex flex-wrap items-center gap-x-6 gap-y-2 border-b border-line pb-3">
      {STEPS.map((step, i) => (
        <li
          key={step}
          aria-current={step === now ? 'step' : undefined}
          className={clsx('flex items-center gap-2', step === now ? 'weight-name text-brand' : 'text-ink-3')}
        >
          <span
            aria-hidden="true"
            className={clsx(
              'figures grid size-6 place-items-center rounded-full border text-meta',
              i < place ? 'border-transparent bg-brand text-on-brand' : step === now ? 'border-brand' : 'border-line-strong',
            )}
          >
            {i < place ? <Icon of={CheckIcon} size={14} /> : i + 1}
          </span>
          {t(`campaigns.step.${step}`)}
        </li>
      ))}
    </ol>
  )
}
