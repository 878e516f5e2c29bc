import { TEMPLATE_CATEGORIES } from '#shared/domain/templates/status.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Field, Input, Select } from '../../../ui/field.tsx'
import { FailIcon, Icon, PlusIcon, TrashIcon } from '../../../ui/icons.tsx'
import type { Price } from '../data.ts'

const CATEGORIES = [...TEMPLATE_CATEGORIES, 'SERVICE'] as const
const EMPTY: Price = { category: null, country: null, from: null, amount: 0 }

interface PricesProps {
  prices: readonly Price[]
  currency: string
  problem: string | undefined
  onChange(prices: Price[]): void
}

/** The company's own prices: the most specific row holds, of the same ones the latest. */
export function Prices({ prices, currency, problem, onChange }: PricesProps) {
  const t = useText()
  const put = (at: number, ...others: Price[]) => onChange([...prices.slice(0, at), ...others, ...prices.slice(at + 1)])
  return (
    <section className="grid gap-3">
      <h2>{t('costs.prices')}</h2>
      <p className="text-ink-2">{t('costs.prices.text')}</p>
      {prices.length === 0 && <p className="text-ink-2">{t('costs.prices.none')}</p>}
      {prices.length > 0 && (
        <ol className="border-b border-line">
          {prices.map((price, i) => (
            <PriceRow
              // biome-ignore lint/suspicious/noArrayIndexKey: a price is its place
              key={i}
              place={i + 1}
              price={price}
              currency={currency}
              onChange={other => put(i, other)}
              onRemove={() => put(i)}
            />
          ))}
        </ol>
      )}
      {problem && (
        <p className="flex gap-1.5 text-fail">
          <Icon of={FailIcon} size={16} className="mt-0.5" />
          <bdi dir="ltr">{problem}</bdi>
        </p>
      )}
      <div>
        <Button icon={PlusIcon} onClick={() => onChange([...prices, EMPTY])}>
          {t('costs.prices.add')}
        </Button>
      </div>
    </section>
  )
}

interface PriceRowProps {
  /** From 1. */
  place: number
  price: Price
  currency: string
  onChange(price: Price): void
  onRemove(): void
}

function PriceRow({ place, price, currency, onChange, onRemove }: PriceRowProps) {
  const t = useText()
  const { number } = useFormat()
  return (
    <li className="border-t border-line py-3">
      <fieldset className="grid grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,2fr)_minmax(0,2fr)_auto] items-end gap-2 max-two:grid-cols-2">
        <legend className="sr-only">{t('costs.price', { n: number(place) })}</legend>
        <Field label={t('costs.price.category')}>
          {ids => (
            <Select
              {...ids}
              value={price.category ?? ''}
              onChange={({ target }) => onChange({ ...price, category: target.value || null })}
            >
              <option value="">{t('costs.price.any')}</option>
              {CATEGORIES.map(category => (
                <option key={category} value={category}>
                  {t(`costs.category.${category}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('costs.price.country')}>
          {ids => (
            <Input
              {...ids}
              dir="ltr"
              pattern="[A-Z]{2}"
              maxLength={2}
              placeholder={t('costs.price.any')}
              title={t('costs.price.country.hint')}
              value={price.country ?? ''}
              onChange={({ target }) => onChange({ ...price, country: target.value.toUpperCase() || null })}
            />
          )}
        </Field>
        <Field label={t('costs.price.from')}>
          {ids => (
            <Input
              {...ids}
              type="date"
              dir="ltr"
              className="min-w-0"
              value={price.from ?? ''}
              onChange={({ target }) => onChange({ ...price, from: target.value || null })}
            />
          )}
        </Field>
        <Field label={t('costs.price.amount', { currency })}>
          {ids => (
            <Input
              {...ids}
              required
              type="number"
              dir="ltr"
              min={0}
              max={1_000_000}
              step="any"
              value={Number.isNaN(price.amount) ? '' : price.amount}
              onChange={({ target }) => onChange({ ...price, amount: target.valueAsNumber })}
            />
          )}
        </Field>
        <IconButton icon={TrashIcon} label={t('costs.price.remove', { n: number(place) })} onClick={onRemove} />
      </fieldset>
    </li>
  )
}
