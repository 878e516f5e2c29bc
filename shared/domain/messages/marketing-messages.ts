/** Rules of the Marketing Messages API: an endpoint of its own that takes marketing templates, and delivers them as Meta optimises. */

/** What Meta does while the account is not let in: it sends by the Cloud API, or refuses. */
export const PRODUCT_POLICIES = ['CLOUD_API_FALLBACK', 'STRICT'] as const
export type ProductPolicy = (typeof PRODUCT_POLICIES)[number]

/** Choice of a request; null: the ordinary way. */
export interface MarketingChoice {
  marketingMessages?: boolean | undefined
  strict?: boolean | undefined
}

/** Policy of a request; null: it goes the ordinary way. */
export const policyOf = ({ marketingMessages = false, strict = false }: MarketingChoice): ProductPolicy | null =>
  marketingMessages ? (strict ? 'STRICT' : 'CLOUD_API_FALLBACK') : null

/** A row's policy as the API shows it. */
export const marketingView = (policy: ProductPolicy | null | undefined): { strict: boolean } | null =>
  policy ? { strict: policy === 'STRICT' } : null

/** Ceiling that a template has for 1,000 deliveries. */
export interface MaxPrice {
  /** In minor units of the currency. */
  amount: number
  /** ISO 4217; null: Meta did not say, which means the account's. */
  currency: string | null
}

/**
 * Why Meta would not take a template the chosen way; null: it does.
 * @param policy null: the ordinary way, by which no template with a maximum price goes (131061)
 */
export function endpointProblem(
  { category, maxPrice }: { category: string; maxPrice?: MaxPrice | null },
  policy: ProductPolicy | null | undefined,
): 'not-marketing' | 'needs-marketing-messages' | null {
  if (policy) return category === 'MARKETING' ? null : 'not-marketing'
  return maxPrice ? 'needs-marketing-messages' : null
}
