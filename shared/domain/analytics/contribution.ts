import { failureKeyOf } from '../messages/send-errors.ts'
import { type Cost, countryOfPerson } from '../prices/cost.ts'
import type { MetaCost } from '../prices/meta-cost.ts'
import { dayIn } from '../prices/price-table.ts'
import { SERVICE } from '../prices/pricing.ts'
import { bucketOf } from './durations.ts'

/**
 * What a message adds to the counters of its tenant. A contribution follows from the row alone: the counters of a tenant are the
 * sum over its messages, whatever happened to them in whichever order, and are made anew by adding up the rows.
 */

/** What a counter is about. The counters of a cell are kept in one document. */
export interface Cell {
  /** Calendar day in the tenant's time zone, `2026-11-29`. */
  day: string
  kind: 'INBOUND' | 'OUTBOUND' | 'CLOSING'
  clientId: string
  /** Name of the template that was sent; null for anything else. */
  template: string | null
  /** User who wrote the message; of a closing, to whom the conversation was assigned. */
  agentId: string | null
  origin: string | null
  /** Category of the price, in lower case. */
  category: string | null
  /** Country of the person, ISO 3166. */
  country: string | null
}

/**
 * Numbers by group and name. Groups: `n` (messages and the like), `status` (of outbound messages), `codes` (of failures), `own` and
 * `meta` (prices in millionths by currency), `replies` (the part of `meta` that is for billed replies), `hours` (of inbound
 * messages), `ads` (inbound messages by the ad or post that they came from), and the buckets of durations: `first`, `reply`,
 * `resolution`.
 */
export type Counts = Record<string, Record<string, number>>

export interface Contribution {
  cell: Cell
  counts: Counts
}

/** What of a message is counted. */
export interface CountedMessage {
  direction: 'INBOUND' | 'OUTBOUND'
  type: string
  status: string
  at: Date
  clientId: unknown
  content: { template: { name: string } | null }
  origin: string | null
  sentBy: { kind: string; id: unknown } | null
  error: { code: number | null; title: string; source: 'meta' | 'platform' } | null
  cost: Cost | null
  metaCost?: MetaCost | null
  contactKey: string
  contactKeyKind: 'waId' | 'userId'
  isImported?: boolean
  /** Meta's description of the ad or post that a customer's message came from. */
  referral?: unknown
}

/** How long the customer had waited whom a message answers. */
export interface AnsweredWait {
  ms: number
  /** Whether nobody had answered the customer in the 24 hours before. */
  isFirst: boolean
}

/** Rows that are no messages, though they stand among them. */
const NO_MESSAGES = new Set(['system', 'handover', 'call', 'reaction'])
const MILLION = 1_000_000

/**
 * Null for what is not counted: what has not been sent yet, what was imported from the history of an app, and what WhatsApp wrote.
 * @param wait null for a message that answers nobody
 */
export function contributionOf(message: CountedMessage, timezone: string, wait: AnsweredWait | null): Contribution | null {
  if (message.isImported || message.status === 'QUEUED' || NO_MESSAGES.has(message.type)) return null
  return message.direction === 'INBOUND' ? received(message, timezone) : sent(message, timezone, wait)
}

function received(message: CountedMessage, timezone: string): Contribution {
  const ad = adOf(message)
  const counts = { n: { messages: 1 }, hours: { [hourIn(timezone, message.at)]: 1 }, ...(ad && { ads: { [ad]: 1 } }) }
  return { cell: { ...cellOf(message, timezone), origin: null, agentId: null, category: null }, counts }
}

const LONGEST_AD = 64

/** Meta's id of the ad, as the name of a counter: in names of fields, dots and dollars mean something else. */
function adOf({ referral }: CountedMessage): string | null {
  const id = (referral as { source_id?: unknown } | null | undefined)?.source_id
  return typeof id === 'string' && id !== '' ? id.slice(0, LONGEST_AD).replaceAll(/[.$]/g, '_') : null
}

function sent(message: CountedMessage, timezone: string, wait: AnsweredWait | null): Contribution {
  const counts: Counts = { n: { messages: 1 }, status: { [message.status]: 1 } }
  if (message.status === 'FAILED')
    return { cell: cellOf(message, timezone), counts: { ...counts, codes: { [codeOf(message)]: 1 } } }
  const bucket = wait && bucketOf(wait.ms)
  return {
    cell: cellOf(message, timezone),
    counts: withoutZeros({
      ...addCounts(counts, pricesOf(message)),
      ...(bucket !== null && { reply: { [bucket]: 1 } }),
      ...(bucket !== null && wait?.isFirst && { first: { [bucket]: 1 } }),
    }),
  }
}

function cellOf(message: CountedMessage, timezone: string): Cell {
  const { direction, at, clientId, content, origin, sentBy, cost, contactKey, contactKeyKind } = message
  const key = contactKeyKind === 'userId' ? { waId: null, userId: contactKey } : { waId: contactKey }
  return {
    day: dayIn(timezone, at),
    kind: direction,
    clientId: String(clientId),
    template: content.template?.name ?? null,
    agentId: sentBy?.kind === 'user' && sentBy.id ? String(sentBy.id) : null,
    origin,
    category: cost?.category ?? null,
    country: countryOfPerson(key),
  }
}

/** Name of a failure: Meta's code, or the key of a failure that the platform declared. */
function codeOf({ error }: CountedMessage): string {
  if (error === null) return 'unknown'
  return failureKeyOf(error) ?? (error.code === null ? 'unknown' : String(error.code))
}

/** A message that failed costs nothing; Meta bills what it delivers. */
function pricesOf({ cost, metaCost }: CountedMessage): Counts {
  const own: Counts = cost ? { own: { [cost.currency]: millionths(cost.amount) } } : {}
  if (!metaCost) return own
  const { amount, currency, category, type, basis } = metaCost
  const isReply = category === SERVICE
  const isBilledReply = isReply && (basis === 'foreseen' ? amount !== 0 : type === 'regular')
  const known: Counts = amount === null ? {} : { meta: { [currency]: millionths(amount) } }
  return {
    ...own,
    ...known,
    ...(isBilledReply && amount !== null && { replies: { [currency]: millionths(amount) } }),
    n: {
      ...(amount === null && { unknownRates: 1 }),
      ...(basis === 'reported' && { reported: 1 }),
      ...(isBilledReply && { replies: 1 }),
      ...(isReply && type === 'free_customer_service' && { freeReplies: 1 }),
    },
  }
}

const millionths = (amount: number) => Math.round(amount * MILLION)
/** An amount of money that was counted in millionths. */
export const amountOf = (counted: number): number => counted / MILLION

/** A conversation that was closed. */
export interface CountedClosing {
  clientId: unknown
  assignedTo: unknown
  /** First message of the customer since the conversation was closed before; null: the customer has not written since. */
  openedAt: Date | null
  closedAt: Date
}

export function closingContribution(
  { clientId, assignedTo, openedAt, closedAt }: CountedClosing,
  timezone: string,
): Contribution {
  const nothing = { template: null, origin: null, category: null, country: null }
  const agentId = assignedTo ? String(assignedTo) : null
  const cell: Cell = { day: dayIn(timezone, closedAt), kind: 'CLOSING', clientId: String(clientId), agentId, ...nothing }
  const resolution = openedAt && { resolution: { [bucketOf(closedAt.getTime() - openedAt.getTime())]: 1 } }
  return { cell, counts: { n: { closings: 1 }, ...resolution } }
}

/** Sum of counts. */
export function addCounts(a: Counts, b: Counts, factor = 1): Counts {
  const sum: Counts = Object.fromEntries(Object.entries(a).map(([group, names]) => [group, { ...names }]))
  for (const [group, names] of Object.entries(b)) {
    const into = sum[group] ?? {}
    for (const [name, value] of Object.entries(names)) into[name] = (into[name] ?? 0) + factor * value
    sum[group] = into
  }
  return sum
}

/** Counts without zeros and without empty groups. */
export function withoutZeros(counts: Counts): Counts {
  const groups = Object.entries(counts).map(
    ([group, names]) => [group, Object.fromEntries(Object.entries(names).filter(([, value]) => value !== 0))] as const,
  )
  return Object.fromEntries(groups.filter(([, names]) => Object.keys(names).length > 0))
}

/** One name for a cell, the same for equal cells. */
export const cellKey = ({ day, kind, clientId, template, agentId, origin, category, country }: Cell): string =>
  JSON.stringify([day, kind, clientId, template, agentId, origin, category, country])

/** What must be added to the counters when contributions change, by cell; cells in which nothing changes are left out. */
export function differences(changes: readonly { before: Contribution | null; after: Contribution | null }[]): Contribution[] {
  const cells = new Map<string, Contribution>()
  const add = ({ cell, counts }: Contribution, factor: number) => {
    const known = cells.get(cellKey(cell))?.counts ?? {}
    cells.set(cellKey(cell), { cell, counts: addCounts(known, counts, factor) })
  }
  for (const { before, after } of changes) {
    if (before) add(before, -1)
    if (after) add(after, 1)
  }
  const net = [...cells.values()].map(({ cell, counts }) => ({ cell, counts: withoutZeros(counts) }))
  return net.filter(({ counts }) => Object.keys(counts).length > 0)
}

const hours = new Map<string, Intl.DateTimeFormat>()

/** Hour of the day in a time zone, 0 to 23. */
export function hourIn(timezone: string, at: Date): number {
  const known = hours.get(timezone)
  const format = known ?? new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', hourCycle: 'h23' })
  if (!known) hours.set(timezone, format)
  return Number(format.format(at))
}
