import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import type { Price } from '../../lib/templates/sendable.ts'

/** A price; what costs nothing is free, and what is not known is a dash. */
export function Amount({ price }: { price: Price | undefined }) {
  const t = useText()
  const { money } = useFormat()
  if (price === undefined) return '–'
  return price.amount === 0 ? t('templates.price.free') : <bdi>{money(price.amount, price.currency)}</bdi>
}
