/** The ad or post that brought a customer, as far as Meta names it. */
export interface Referral {
  /** Meta's id of the ad or post. */
  sourceId: string | null
  /** `ad` or `post`. */
  sourceType: string | null
  headline: string | null
  /** Meta's id of the click; missing for ads in statuses. */
  ctwaClid: string | null
  /** Time of the message that came from it. */
  at: Date
}

type Kept = Referral | null | undefined

/** The first of two, in whichever order they become known. */
export const firstReferral = (one: Kept, other: Kept): Referral | null => chosen(one, other, false)

/** The latest of two, in whichever order they become known. */
export const latestReferral = (one: Kept, other: Kept): Referral | null => chosen(one, other, true)

function chosen(one: Kept, other: Kept, wantsLater: boolean): Referral | null {
  if (!one || !other) return one ?? other ?? null
  const isOther = wantsLater ? isLater(other, one) : isLater(one, other)
  return isOther ? other : one
}

/** Meta's times are whole seconds: of the same second the names decide. */
function isLater(one: Referral, other: Referral): boolean {
  const apart = one.at.getTime() - other.at.getTime()
  return apart === 0 ? nameOf(one) > nameOf(other) : apart > 0
}

const nameOf = ({ sourceId, ctwaClid, headline, sourceType }: Referral) =>
  JSON.stringify([sourceId, ctwaClid, headline, sourceType])
