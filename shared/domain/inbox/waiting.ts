interface Ids {
  toString(): string
}

/** A message of the customer that nobody has answered. */
export interface Unanswered<Id extends Ids = Ids> {
  /** Of the message; null: not known, in rows of before. */
  id: Id | null
  /** Meta's time, in whole seconds. */
  at: Date
  /** When it arrived here. */
  arrivedAt: Date
}

/** Whether a customer waits for an answer, kept with the conversation by whoever writes its messages. */
export interface Attention<Id extends Ids = Ids> {
  /** First message of the customer that nobody has answered; null: nobody waits. */
  waitingSince?: Date | null
  /** All that nobody has answered, the first one first, and of many the last one; rows of before have `waitingSince` alone. */
  unanswered?: Unanswered<Id>[] | null
  /** Last answer that was written here, or when a user closed the conversation; null: neither. */
  attendedAt?: Date | null
  /** Last answer that was written on the phone or by another app, in Meta's whole seconds; null: none. */
  answeredElsewhereAt?: Date | null
}

/** More are not kept apart: between the first ones and the last one nothing is told. */
const MOST_UNANSWERED = 20

/**
 * Whether a message was answered. An answer from here answers what had arrived by then, whenever it was written: nobody answers
 * what they cannot see. On the phone everything is seen at once; of the same second nobody can say which came first, and the
 * customer waits.
 */
export const isAnswered = (
  { attendedAt, answeredElsewhereAt }: Pick<Attention, 'attendedAt' | 'answeredElsewhereAt'>,
  { at, arrivedAt }: Pick<Unanswered, 'at' | 'arrivedAt'>,
): boolean => (attendedAt != null && arrivedAt <= attendedAt) || (answeredElsewhereAt != null && at < answeredElsewhereAt)

/**
 * Once a customer has written, or once more is known of what they did: of a call the earliest times count. Together with
 * `afterAnswer` the result is the same in any order and for any number of copies.
 * @returns null when nothing changes
 */
export function afterCustomer<Id extends Ids>(before: Attention<Id>, message: Unanswered<Id>): Attention<Id> | null {
  const known = unansweredOf(before)
  const same = known.find(({ id }) => id !== null && String(id) === String(message.id))
  const merged = same
    ? { ...message, at: earlier(same.at, message.at), arrivedAt: earlier(same.arrivedAt, message.arrivedAt) }
    : message
  const others = known.filter(one => one !== same)
  if (isAnswered(before, merged)) return same ? waitingFor(others) : null
  const isKnown = same && +same.at === +merged.at && +same.arrivedAt === +merged.arrivedAt
  return isKnown ? null : waitingFor([...others, merged])
}

/** Once the business has answered, here or elsewhere. @returns null when nothing changes */
export function afterAnswer<Id extends Ids>(
  before: Attention<Id>,
  { at, isElsewhere }: { at: Date; isElsewhere: boolean },
): Attention<Id> | null {
  const field = isElsewhere ? 'answeredElsewhereAt' : 'attendedAt'
  const last = before[field]
  if (last && at <= last) return null
  const known = unansweredOf(before)
  const left = known.filter(message => !isAnswered({ ...before, [field]: at }, message))
  return { [field]: at, ...(left.length < known.length && waitingFor(left)) }
}

/** Once a user has closed the conversation: the next message of the customer begins another wait. */
export const afterClosing = (now: Date) => ({ waitingSince: null, unanswered: [], attendedAt: now })

/** Of two conversations that become one: an answer in either counts for both. */
export function joined<Id extends Ids>(a: Attention<Id>, b: Attention<Id>): Required<Attention<Id>> {
  const attendedAt = later(a.attendedAt, b.attendedAt)
  const answeredElsewhereAt = later(a.answeredElsewhereAt, b.answeredElsewhereAt)
  const answers = { attendedAt, answeredElsewhereAt }
  const left = [...unansweredOf(a), ...unansweredOf(b)].filter(message => !isAnswered(answers, message))
  return { ...waitingFor(left), ...answers }
}

const unansweredOf = <Id extends Ids>({ waitingSince, unanswered }: Attention<Id>): Unanswered<Id>[] =>
  waitingSince ? (unanswered ?? [{ id: null, at: waitingSince, arrivedAt: waitingSince }]) : []

/** In the order of their times, so that it does not matter in which order they came. */
function waitingFor<Id extends Ids>(messages: Unanswered<Id>[]) {
  const inOrder = messages.toSorted((a, b) => a.at.getTime() - b.at.getTime() || (String(a.id) < String(b.id) ? -1 : 1))
  const [last] = inOrder.slice(-1)
  const unanswered = inOrder.length > MOST_UNANSWERED && last ? [...inOrder.slice(0, MOST_UNANSWERED - 1), last] : inOrder
  return { unanswered, waitingSince: unanswered[0]?.at ?? null }
}

const earlier = (a: Date, b: Date): Date => (b < a ? b : a)

const later = (a: Date | null | undefined, b: Date | null | undefined): Date | null =>
  a && b ? (b > a ? b : a) : (a ?? b ?? null)

interface Outbound {
  direction: 'INBOUND' | 'OUTBOUND'
  type: string
  origin: string | null
  campaignId: unknown
}

/** Whether a message answers the customer: written by a person or a system of the business, and neither to many nor by itself. */
export const isAnswer = ({ direction, type, origin, campaignId }: Outbound): boolean =>
  direction === 'OUTBOUND' && type !== 'reaction' && origin !== 'campaign' && origin !== 'automatic' && !campaignId

/** Whether a message was written on the phone or by another app, so that Meta alone knows when. */
export const isWrittenElsewhere = ({ origin }: Pick<Outbound, 'origin'>): boolean => origin === 'phone' || origin === 'app'
