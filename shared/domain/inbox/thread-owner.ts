/**
 * Who answers a customer when a second app of the business does. Meta tells it by nothing but webhooks: what comes as a message is
 * ours, what comes as a copy is somebody else's, and a handover says so. Meta's times are whole seconds, and webhooks come in any
 * order: whatever is known is joined so that the order of arrival does not matter.
 */

export type Owner = 'platform' | 'other'

export interface Handover {
  owner: Owner
  /** Role of the new owner in Meta's words, such as `ai_agent`. */
  role: string | null
  at: Date
}

/** App of the business that answers a customer, as the newest webhook about it says. */
export interface ThreadOwner extends Handover {
  /** Newest handover, which alone names roles; missing or null: none. */
  handover?: Handover | null
}

/** What a message from the customer, a copy or an echo says. */
export const byMessage = (owner: Owner, at: Date): ThreadOwner => ({ owner, role: null, at, handover: null })

export const byHandover = (handover: Handover): ThreadOwner => ({ ...handover, handover })

/**
 * What two reports say together: the newest one counts. Of the same second a handover counts more than a message, and this
 * platform more than another app, because an answer too many is better than none.
 */
export function joinOwners(a: ThreadOwner, b: ThreadOwner): ThreadOwner {
  const handover = newest(handoverOf(a), handoverOf(b))
  const message = newest(messageOf(a), messageOf(b))
  const isByMessage = message !== null && (handover === null || message.at > handover.at)
  const { owner, at } = (isByMessage ? message : handover) as Handover
  return { owner, role: handover?.owner === owner ? handover.role : null, at, handover }
}

/** Rows of before have a role and no handover. */
const handoverOf = ({ handover, owner, role, at }: ThreadOwner): Handover | null =>
  handover ?? (role === null ? null : { owner, role, at })

function messageOf(seen: ThreadOwner): Handover | null {
  const handover = handoverOf(seen)
  return handover === null || seen.at > handover.at ? { owner: seen.owner, role: null, at: seen.at } : null
}

function newest(a: Handover | null, b: Handover | null): Handover | null {
  if (a === null || b === null) return a ?? b
  if (+a.at !== +b.at) return a.at > b.at ? a : b
  if (a.owner !== b.owner) return a.owner === 'platform' ? a : b
  return (a.role ?? '') >= (b.role ?? '') ? a : b
}
