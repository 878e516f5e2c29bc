import { statusError } from '../graph/errors.ts'
import type { Simulation } from '../simulation.ts'
import { emitForNumber } from '../webhooks/emit.ts'
import { conversationId } from '../world/ids.ts'
import type { Json, PhoneNumber, SentMessage, Waba } from '../world/world.ts'
import { conversationKey, countReply, isFreeEntry, type Pricing, pricingOf } from './conversations.ts'
import type { Outcome } from './outcome.ts'
import { contactOf } from './recipient.ts'

/** The last version of webhooks that has the conversation in every status. */
const LAST_WITH_CONVERSATION = 23

export interface Sent {
  message: SentMessage
  number: PhoneNumber
  waba: Waba
  /** Key of the recipient: see `Recipient`. */
  key: string
  /** Category of the template, lower case; null for any other message. */
  category: string | null
}

/** Schedules the statuses of an accepted message: sent, delivered and read, or one failure. */
export function scheduleStatuses(sim: Simulation, sent: Sent, outcome: Outcome | null): void {
  const { sentMs, deliveredMs, readMs, shuffle } = sim.delivery
  if (outcome) {
    sim.schedule(sentMs ?? 0, () => emitFailure(sim, sent, outcome))
    return
  }

  const skipsDelivered = readMs !== null && chance(sim.delivery.skipDelivered)
  const steps: [string, number | null][] = [
    ['sent', sentMs],
    ['delivered', skipsDelivered ? null : deliveredMs],
    ['read', readMs],
  ]
  const due = steps.filter((step): step is [string, number] => step[1] !== null)
  const delays = shuffle ? shuffled(due.map(([, delay]) => delay)) : due.map(([, delay]) => delay)
  // Exactly one of sent and delivered carries the price, and not always the same one.
  const priced =
    due.some(([status]) => status === 'delivered') && sent.message.id.charCodeAt(sent.message.id.length - 9) % 2 === 0
      ? 'delivered'
      : 'sent'
  const context = pricingContext(sim, sent)
  for (const [index, [status]] of due.entries()) {
    sim.schedule(delays[index] as number, () => emitProgress(sim, sent, status, status === priced ? context : null))
  }
}

interface PricingContext {
  pricing: Pricing
  conversation: Json | null
}

/** The price at the time of acceptance: an inbound message a moment later must not change it. */
function pricingContext(sim: Simulation, sent: Sent): PricingContext {
  const { message, key, category } = sent
  const current = sim.world.conversations.get(conversationKey(message.phoneNumberId, key))
  const now = sim.now()
  const isFree = isFreeEntry(current, now)
  const isAllowance = category === null && !isFree && countReply(sim.world.replies, message.phoneNumberId, now)
  const pricing = withCost(sim, sent, pricingOf(category, current, now, isAllowance && sim.rules.markFreeReplies))
  if (!isFree && sim.world.app.webhookVersion > LAST_WITH_CONVERSATION) return { pricing, conversation: null }
  const until = isFree ? (current?.freeEntryUntil ?? now) : now + 24 * 3_600_000
  const conversation = {
    id: conversationId(`${message.phoneNumberId}:${key}:${until}`),
    expiration_timestamp: unixText(until),
    origin: { type: pricing.category },
  }
  return { pricing, conversation }
}

/** What a message with a max price costs: less than it, as the auction may end. */
function withCost(sim: Simulation, { message, waba, category }: Sent, pricing: Pricing): Pricing {
  const bidAmount = message.templateId === null ? undefined : sim.world.templates.get(message.templateId)?.bidAmount
  if (bidAmount === undefined || category !== 'marketing_lite' || !pricing.billable) return pricing
  const amount = Math.round((bidAmount / 100_000) * AUCTION_SHARE * 1_000_000) / 1_000_000
  return { ...pricing, cost: { amount, currency: waba.currency } }
}

/** Share of the max price that is charged. */
const AUCTION_SHARE = 0.8

function emitProgress(sim: Simulation, sent: Sent, status: string, context: PricingContext | null): void {
  const conversation = context?.conversation
  // Only `sent` carries the end of the conversation.
  const { expiration_timestamp: _, ...withoutEnd } = conversation ?? {}
  emitStatus(sim, sent, status, {
    ...callbackData(sent),
    ...(conversation && { conversation: status === 'sent' ? conversation : withoutEnd }),
    ...(context && { pricing: context.pricing }),
  })
}

/** Emits a failed status: one error, without contacts. */
export function emitFailure(sim: Simulation, sent: Sent, { code, details }: Outcome): void {
  emitStatus(sim, sent, 'failed', { errors: [statusError(code, details)], ...callbackData(sent) })
}

function emitStatus(sim: Simulation, { message, number, waba }: Sent, status: string, members: Json): void {
  const person = sim.world.people.get(message.waId ?? message.userId ?? '')
  const contact = contactOf(message, waba.portfolioId, person)
  const recipient = person ? person.waId : message.waId
  const value = {
    id: message.id,
    status,
    timestamp: unixText(sim.now()),
    ...(message.groupId ? { recipient_id: message.groupId, recipient_type: 'group' } : recipient && { recipient_id: recipient }),
    ...(message.userId && { recipient_user_id: message.userId }),
    ...(message.directTemplateId && { template_id: message.directTemplateId }),
    ...members,
  }
  const beside = status === 'failed' || message.groupId ? {} : { contacts: [contact] }
  emitForNumber(sim, number, 'messages', { ...beside, statuses: [value] }, [{ kind: 'status', id: message.id, status }])
}

const callbackData = ({ message }: Sent) => message.callbackData !== null && { biz_opaque_callback_data: message.callbackData }
const unixText = (ms: number) => String(Math.floor(ms / 1000))
const chance = (share: boolean | number) => share === true || (share !== false && Math.random() < share)

function shuffled<T>(list: T[]): T[] {
  return list
    .map(value => ({ value, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}
