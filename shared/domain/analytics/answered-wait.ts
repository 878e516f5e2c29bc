import { isAnswer } from '../inbox/waiting.ts'
import { isNotice } from '../messages/notices.ts'
import type { AnsweredWait } from './contribution.ts'

/** A message of the conversation before an answer. */
export interface EarlierMessage {
  direction: 'INBOUND' | 'OUTBOUND'
  type: string
  origin: string | null
  campaignId: unknown
  at: Date
  /** Arrival of a customer's message. */
  createdAt: Date
  isImported?: boolean
}

const DAY_MS = 24 * 3_600_000

/**
 * How long the customer had waited when a message answered: since the first of the messages that arrived after the answer before.
 * Null when nobody waited. As with `afterCustomer`, what arrived after an answer is not answered by it, whatever time Meta gave it.
 * @param earlier messages of the conversation up to `at`, the latest first; of a very long wait the last ones are enough
 */
export function answeredWait(at: Date, earlier: readonly EarlierMessage[]): AnsweredWait | null {
  const before = earlier.filter(message => !message.isImported)
  const previous = before.find(message => isAnswer(message) && message.at < at)
  const since = previous?.at ?? new Date(0)
  const waiting = before.filter(
    ({ direction, type, createdAt }) => direction === 'INBOUND' && !isNotice(type) && createdAt > since && createdAt < at,
  )
  if (waiting.length === 0) return null
  const first = Math.min(...waiting.map(message => message.at.getTime()))
  return { ms: Math.max(0, at.getTime() - first), isFirst: first - since.getTime() > DAY_MS }
}
