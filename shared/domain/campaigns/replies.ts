/** A message of the customer this long after a campaign's message still counts as an answer to it. */
const ANSWERS_WITHIN_MS = 7 * 86_400_000
/** Campaigns that a conversation remembers as answered. */
const MOST_REPLIES = 50

interface Ids {
  toString(): string
}

/**
 * The campaigns that a customer has answered, once they have written again: the last one that reached them counts, once.
 * @returns null when nothing changes
 */
export function repliesAfter<Id extends Ids>(
  { lastCampaign, campaignReplies = [] }: { lastCampaign?: { id: Id; at: Date } | null; campaignReplies?: Id[] },
  at: Date,
): Id[] | null {
  if (!lastCampaign || campaignReplies.some(id => String(id) === String(lastCampaign.id))) return null
  const afterMs = at.getTime() - lastCampaign.at.getTime()
  return afterMs >= 0 && afterMs <= ANSWERS_WITHIN_MS ? [...campaignReplies, lastCampaign.id].slice(-MOST_REPLIES) : null
}
