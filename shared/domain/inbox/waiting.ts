/** Whether a customer waits for an answer, kept with the conversation by whoever writes its messages. */
export interface Attention {
  /** First message of the customer that nobody has answered; null: nobody waits. */
  waitingSince?: Date | null
  /** Everything up to this time is answered, or was closed by a user; null: the customer never had an answer. */
  attendedAt?: Date | null
}

/**
 * Once a customer has written. What arrived after an answer is not answered by it, whenever it was written: Meta's times are whole
 * seconds, and webhooks may be late.
 * @returns null when nothing changes, as for a message that was answered meanwhile
 */
export function afterCustomer({ waitingSince, attendedAt }: Attention, at: Date, arrivedAt: Date): Attention | null {
  if (attendedAt && arrivedAt <= attendedAt) return null
  return waitingSince && waitingSince <= at ? null : { waitingSince: at }
}

/**
 * Once the business has answered. Whether somebody waits is the same in any order of arrival; after an answer that arrives late,
 * `waitingSince` is the last message of the customer that came after it.
 * @returns null when nothing changes
 */
export function afterAnswer(before: Attention & { lastInboundAt: Date | null }, at: Date): Attention | null {
  const { waitingSince, attendedAt, lastInboundAt } = before
  if (attendedAt && at <= attendedAt) return null
  if (!waitingSince || waitingSince > at) return { attendedAt: at }
  return { attendedAt: at, waitingSince: lastInboundAt && lastInboundAt > at ? lastInboundAt : null }
}

/** Of two conversations that become one: an answer in either counts for both. */
export function joined(a: Attention, b: Attention): Required<Attention> {
  const [attendedAt = null] = datesOf(a.attendedAt, b.attendedAt).toReversed()
  const [waitingSince = null] = datesOf(a.waitingSince, b.waitingSince).filter(at => attendedAt === null || at > attendedAt)
  return { waitingSince, attendedAt }
}

/** The dates among the values, in their order. */
const datesOf = (...values: (Date | null | undefined)[]): Date[] =>
  values.filter(value => value instanceof Date).toSorted((x, y) => x.getTime() - y.getTime())

interface Outbound {
  direction: 'INBOUND' | 'OUTBOUND'
  type: string
  origin: string | null
  campaignId: unknown
}

/** Whether a message answers the customer: written by a person or a system of the business, and neither to many nor by itself. */
export const isAnswer = ({ direction, type, origin, campaignId }: Outbound): boolean =>
  direction === 'OUTBOUND' && type !== 'reaction' && origin !== 'campaign' && origin !== 'automatic' && !campaignId
