import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { spendQuery } from '../../../lib/data/spend.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Check, Field, Input, Select } from '../../../ui/field.tsx'
import { FailIcon, Icon } from '../../../ui/icons.tsx'
import type { SpendCeiling } from '../data.ts'

/** As the server proposes them; the warning is always at 80 per cent. */
const FIRST: SpendCeiling = { amount: 1000, of: 'cost', campaignsStopAt: 90, templatesStopAt: 95 }
const WARNING_AT = 80

interface CeilingProps {
  /** Null: no bound. */
  ceiling: SpendCeiling | null
  currency: string
  problem: string | undefined
  onChange(ceiling: SpendCeiling | null): void
}

/** Most that a month may cost, and what stops before it is spent. */
export function Ceiling({ ceiling, currency, problem, onChange }: CeilingProps) {
  const t = useText()
  const [last, setLast] = useState(ceiling ?? FIRST)
  return (
    <section className="grid gap-3">
      <h2>{t('costs.ceiling')}</h2>
      <Check
        label={t('costs.ceiling.on')}
        checked={ceiling !== null}
        onChange={({ target }) => {
          if (ceiling) setLast(ceiling)
          onChange(target.checked ? last : null)
        }}
      />
      {ceiling === null ? (
        <p className="text-ink-2">{t('costs.ceiling.off')}</p>
      ) : (
        <CeilingFields ceiling={ceiling} currency={currency} onChange={onChange} />
      )}
      {problem && (
        <p className="flex gap-1.5 text-fail">
          <Icon of={FailIcon} size={16} className="mt-0.5" />
          <bdi dir="ltr">{problem}</bdi>
        </p>
      )}
    </section>
  )
}

function CeilingFields({ ceiling, currency, onChange }: Pick<CeilingProps, 'currency' | 'onChange'> & { ceiling: SpendCeiling }) {
  const t = useText()
  const put = (part: Partial<SpendCeiling>) => onChange({ ...ceiling, ...part })
  return (
    <>
      <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
        <Amount
          label={ceiling.of === 'cost' ? t('costs.ceiling.amount', { currency }) : t('costs.ceiling.amountOfMeta')}
          value={ceiling.amount}
          most={1_000_000_000}
          onChange={amount => put({ amount })}
        />
        <Field label={t('costs.ceiling.of')}>
          {ids => (
            <Select
              {...ids}
              value={ceiling.of}
              onChange={({ target }) => put({ of: target.value === 'metaCost' ? 'metaCost' : 'cost' })}
            >
              <option value="cost">{t('costs.ceiling.cost')}</option>
              <option value="metaCost">{t('costs.ceiling.metaCost')}</option>
            </Select>
          )}
        </Field>
        <Amount
          label={t('costs.ceiling.campaigns')}
          value={ceiling.campaignsStopAt}
          most={Math.min(100, ceiling.templatesStopAt)}
          onChange={campaignsStopAt => put({ campaignsStopAt })}
        />
        <Amount
          label={t('costs.ceiling.templates')}
          value={ceiling.templatesStopAt}
          most={100}
          onChange={templatesStopAt => put({ templatesStopAt })}
        />
      </div>
      <Steps ceiling={ceiling} />
      <SpentSoFar />
    </>
  )
}

interface AmountProps {
  label: string
  value: number
  most: number
  onChange(value: number): void
}

function Amount({ label, value, most, onChange }: AmountProps) {
  return (
    <Field label={label}>
      {ids => (
        <Input
          {...ids}
          required
          type="number"
          dir="ltr"
          min={0}
          max={most}
          step="any"
          value={Number.isNaN(value) ? '' : value}
          onChange={({ target }) => onChange(target.valueAsNumber)}
        />
      )}
    </Field>
  )
}

/** What happens in which order as a month is spent. */
function Steps({ ceiling: { amount, campaignsStopAt, templatesStopAt } }: { ceiling: SpendCeiling }) {
  const t = useText()
  const { number, percent } = useFormat()
  const steps = [
    [WARNING_AT, 'costs.step.warning'],
    [campaignsStopAt, 'costs.step.campaigns'],
    [templatesStopAt, 'costs.step.templates'],
    [100, 'costs.step.everything'],
  ] as const
  return (
    <ol aria-label={t('costs.steps')} className="figures border-b border-line">
      {steps
        .filter(([share]) => Number.isFinite(share * amount))
        .toSorted(([a], [b]) => a - b)
        .map(([share, text]) => (
          <li key={text} className="grid grid-cols-[3.5rem_6rem_minmax(0,1fr)] gap-2 border-t border-line py-1.5">
            <span>{percent(share / 100)}</span>
            <span className="text-ink-2">{number((amount * share) / 100)}</span>
            <span>{t(text)}</span>
          </li>
        ))}
    </ol>
  )
}

/** Of the ceiling that is saved. */
function SpentSoFar() {
  const { money, percent } = useFormat()
  const { data: spend } = useQuery(spendQuery)
  if (!spend) return null
  return (
    <p className="figures text-ink-2">
      <Text
        id="costs.spent"
        values={{
          spent: money(spend.spent, spend.currency),
          amount: money(spend.amount, spend.currency),
          share: percent(spend.amount === 0 ? 1 : spend.spent / spend.amount),
        }}
      />
    </p>
  )
}
