/** Share of a number's rate that marketing campaigns may use, by Meta's rating, which falls with blocks and spam reports. */
const SHARE: Record<string, number> = { YELLOW: 0.5, RED: 0.1 }

/** Share of the rate for marketing; 1 for a good or unknown rating. */
export const marketingShare = (qualityRating: string | null): number => SHARE[qualityRating ?? ''] ?? 1

export interface CampaignRate {
  perMinute: number | null
  template: { category: string }
}

/**
 * Messages a minute of a campaign, by its own setting and the rating of its number; null: as fast as the number.
 * @param campaigns of the number that go out together and share what the rating leaves
 */
export function campaignPerMinute(
  { perMinute, template }: CampaignRate,
  number: { qualityRating: string | null; ratePerSecond: number },
  campaigns = 1,
): number | null {
  const share = template.category === 'MARKETING' ? marketingShare(number.qualityRating) : 1
  if (share === 1) return perMinute
  const braked = Math.max(1, (number.ratePerSecond * 60 * share) / campaigns)
  return Math.min(perMinute ?? braked, braked)
}
