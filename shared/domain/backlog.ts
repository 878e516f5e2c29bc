/** What waits to be sent, and how long it takes: pure, so that a change of limits can be tried on paper. */

/** `chat`: replies and sends of the API, which go first. `campaign`: what campaigns leave of a number's rate. */
export const SEND_CLASSES = ['chat', 'campaign'] as const
export type SendClass = (typeof SEND_CLASSES)[number]

/** These wait for a moment or a person, not for their turn: no rate brings them nearer. */
const HELD: ReadonlySet<string> = new Set(['paused', 'scheduled', 'unknown'])

export interface Waiting {
  count: number
  /** For what: `ready` for a free hand, `in_flight` for Meta's answer, `audience` for their message to be made. */
  reasons: Readonly<Record<string, number>>
}

/** Of them, those that go as fast as the limits let them. */
export const moving = ({ reasons }: Waiting): number =>
  Object.entries(reasons).reduce((sum, [reason, count]) => (HELD.has(reason) ? sum : sum + count), 0)

export interface Pace {
  /** Messages a second, by all that slows the number now; 0 or null: it sends nothing. */
  perSecond: number | null
  /** Windows of a day that let only so many through: the tenant's own, the portfolio's for campaigns. */
  daily: readonly { limit: number; used: number }[]
}

const DAY_SECONDS = 86_400

/** Until the last of `count` has gone, of which others go first; null: never, as things stand. */
export function secondsLeft(count: number, { perSecond, daily }: Pace): number | null {
  if (count === 0) return 0
  if (!perSecond) return null
  const days = daily.map(({ limit, used }) => (limit < 1 ? Infinity : Math.max(0, Math.ceil((count + used) / limit) - 1)))
  const seconds = Math.max(count / perSecond, ...days.map(count => count * DAY_SECONDS))
  return Number.isFinite(seconds) ? Math.ceil(seconds) : null
}
