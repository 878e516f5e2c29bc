import { closedPeriodAt, type WorkingHours } from './working-hours.ts'

/** What a number answers by itself. */
export interface AutomaticAnswers {
  /** Text for a new conversation; null: none. */
  greeting: string | null
  /** Text outside of the working hours; null: none. */
  away: string | null
  /** Null: people always answer. */
  hours: WorkingHours | null
  /** Most that automatic answers of the number may cost in a month of UTC, in the account's currency; null: any amount. */
  monthlyCap: number | null
}

/** A message of a customer that may get an automatic answer. */
export interface AutomaticDue {
  at: Date
  /** When we got it: Meta's times are whole seconds, and webhooks may be late. */
  arrivedAt: Date
  /** Whether the conversation began, or was opened again, with it. */
  isBeginning: boolean
}

/** What the automatic answers of a month have cost. */
export interface AutomaticSpending {
  /** `2026-11`. */
  month: string
  count: number
  amount: number
}

export interface AutomaticAnswer {
  kind: 'greeting' | 'away'
  text: string
  /** The same for every answer that may be given once only: of a person and closed period, or of a beginning. */
  key: string
}

/** A message that is recorded later than this after it was written gets no automatic answer: it would come as a surprise. */
export const MOST_DELAY_MS = 10 * 60_000
/** A conversation that is closed and opened again within this time gets no second greeting. */
const GREETED_MS = 86_400_000

interface About {
  timezone: string
  clientId: string
  contactId: string
  conversationId: string
  greetedAt: Date | null
}

/** The automatic answer to a customer's message. Outside of the working hours there is no greeting, so that nobody gets two. */
export function automaticAnswer(answers: AutomaticAnswers, due: AutomaticDue, about: About): AutomaticAnswer | null {
  const { greeting, away, hours } = answers
  const { timezone, clientId, contactId, conversationId, greetedAt } = about
  const period = hours && closedPeriodAt(hours, timezone, due.at)
  if (period !== null) return away ? { kind: 'away', text: away, key: `away:${clientId}:${contactId}:${period}` } : null
  const isGreeted = greetedAt !== null && due.at.getTime() - greetedAt.getTime() < GREETED_MS
  if (!greeting || !due.isBeginning || isGreeted) return null
  return { kind: 'greeting', text: greeting, key: `greeting:${conversationId}:${due.at.getTime()}` }
}

export const monthOf = (at: Date): string => at.toISOString().slice(0, 7)

/** Spending of a month after one more answer; null when the cap forbids it. */
export function spend(
  before: AutomaticSpending | null,
  { monthlyCap }: Pick<AutomaticAnswers, 'monthlyCap'>,
  amount: number,
  at: Date,
): AutomaticSpending | null {
  const month = monthOf(at)
  const { count, amount: spent } = before?.month === month ? before : { count: 0, amount: 0 }
  // In millionths: sums of decimal fractions are not exact.
  const total = Math.round((spent + amount) * 1e6) / 1e6
  return monthlyCap !== null && total > monthlyCap ? null : { month, count: count + 1, amount: total }
}
