import { type Formats, useFormat } from '../../../lib/i18n/format.ts'
import { type Translate, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldWords } from '../../../ui/form/conflict.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import type { CompanySettings } from '../data.ts'
import { SettingsForm } from '../settings-form.tsx'
import { Ceiling } from './ceiling.tsx'
import { Prices } from './prices.tsx'

/** What does a message cost us, and how much may a month cost? */
export default function Costs() {
  const t = useText()
  const format = useFormat()
  return (
    <SettingsForm label={t('settings.section.costs')} fields={wordsOf(t, format)}>
      {({ now, set }, error) => (
        <>
          <Ceiling
            ceiling={now.spendCeiling}
            currency={now.currency}
            problem={problemAt(error, 'spendCeiling')}
            onChange={spendCeiling => set({ spendCeiling })}
          />
          <Field label={t('costs.currency')} hint={t('costs.currency.hint')} problem={problemAt(error, 'currency')}>
            {ids => (
              <Input
                {...ids}
                required
                dir="ltr"
                className="max-w-24 uppercase"
                pattern="[A-Z]{3}"
                maxLength={3}
                value={now.currency}
                onChange={({ target }) => set({ currency: target.value.toUpperCase() })}
              />
            )}
          </Field>
          <Prices
            prices={now.prices}
            currency={now.currency}
            problem={problemAt(error, 'prices')}
            onChange={prices => set({ prices })}
          />
        </>
      )}
    </SettingsForm>
  )
}

const wordsOf = (t: Translate, { number, list }: Formats): FieldWords<CompanySettings>[] => [
  {
    name: 'spendCeiling',
    label: t('costs.ceiling'),
    show: ({ spendCeiling, currency }) =>
      spendCeiling === null
        ? t('costs.ceiling.none')
        : `${number(spendCeiling.amount)} ${currency} · ${spendCeiling.campaignsStopAt} % · ${spendCeiling.templatesStopAt} %`,
  },
  { name: 'currency', label: t('costs.currency'), show: ({ currency }) => currency },
  {
    name: 'prices',
    label: t('costs.prices'),
    show: ({ prices }) =>
      list(prices.map(({ category, country, amount }) => [category, country, number(amount)].filter(Boolean).join(' '))),
  },
]
