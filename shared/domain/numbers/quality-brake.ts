/** Of a number's rate, what marketing campaigns may use: the rating falls when people block it or report spam. */
const SHARE: Record<string, number> = { YELLOW: 0.5, RED: 0.1 }

/** 1 for a good or unknown rating. */
export const marketingShare = (qualityRating: string | null): number => SHARE[qualityRating ?? ''] ?? 1

export interface Braked {
  perMinute: number | null
  template: { category: string }
}

/**
 * Messages a minute of a campaign, by its own wish and by the rating of its number; null: as fast as the number.
 * @param campaigns of the number that go out together and share what the rating leaves
 */
export function campaignPerMinute(
  { perMinute, template }: Braked,
  number: { qualityRating: string | null; ratePerSecond: number },
  campaigns = 1,
): number | null {
  const share = template.category === 'MARKETING' ? marketingShare(number.qualityRating) : 1
  if (share === 1) return perMinute
  const braked = Math.max(1, (number.ratePerSecond * 60 * share) / campaigns)
  return Math.min(perMinute ?? braked, braked)
}
