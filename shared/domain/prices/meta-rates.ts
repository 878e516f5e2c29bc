import { findPrice, type Priced, type PriceRow } from './price-table.ts'

/**
 * Meta's rates in USD for each delivered message, as of its card of 1 October 2026. Meta has no API for them and changes them on the
 * first day of a quarter: a tenant's `metaRates` go before these rows. A market that is missing here has rates that we do not
 * know; its `metaCost` says so instead of guessing.
 */
export const META_CURRENCY = 'USD'

type Category = 'marketing' | 'utility' | 'authentication' | 'authentication-international' | 'service'

/** Replies and authentication cost what utility costs. */
const rates = (marketing: number, utility: number, international: number | null = null) => ({
  marketing,
  utility,
  authentication: utility,
  service: utility,
  ...(international !== null && { 'authentication-international': international }),
})

const REST_OF_AFRICA = rates(0.0225, 0.004)

const CARD: { countries: string[]; from: string | null; amounts: Partial<Record<Category, number>> }[] = [
  // Morocco belonged to "Rest of Africa" before it had a row of its own.
  { countries: ['MA'], from: null, amounts: REST_OF_AFRICA },
  { countries: ['MA'], from: '2026-10-01', amounts: rates(0.0414, 0.023, 0.0811) },
  {
    countries: [
      ...['DZ', 'AO', 'BJ', 'BW', 'BF', 'BI', 'CM', 'TD', 'CG', 'ER', 'ET', 'GA', 'GM', 'GH', 'GW', 'CI', 'KE', 'LS', 'LR', 'LY'],
      ...['MG', 'MW', 'ML', 'MR', 'MZ', 'NA', 'NE', 'RW', 'SN', 'SL', 'SO', 'SS', 'SD', 'SZ', 'TZ', 'TG', 'TN', 'UG', 'ZM'],
    ],
    from: null,
    amounts: REST_OF_AFRICA,
  },
  // Earlier cards of the following markets are not at hand: these rates are taken for the time before as well.
  { countries: ['EG'], from: null, amounts: rates(0.0644, 0.0036, 0.065) },
  { countries: ['FR'], from: null, amounts: rates(0.0859, 0.03) },
  { countries: ['ES'], from: null, amounts: rates(0.0707, 0.02) },
  { countries: ['DE'], from: null, amounts: rates(0.1365, 0.055) },
  { countries: ['GB'], from: null, amounts: rates(0.0635, 0.022) },
  { countries: ['US', 'CA'], from: null, amounts: rates(0.025, 0.0034) },
  { countries: ['AT', 'BE', 'DK', 'FI', 'IE', 'NO', 'PT', 'SE', 'CH'], from: null, amounts: rates(0.0592, 0.0171) },
]

const ROWS: PriceRow[] = CARD.flatMap(({ countries, from, amounts }) =>
  countries.flatMap(country => Object.entries(amounts).map(([category, amount]) => ({ category, country, from, amount }))),
)

/** Meta's rate; null when it is not known. */
export const metaRate = (priced: Priced): number | null => findPrice(ROWS, priced)
