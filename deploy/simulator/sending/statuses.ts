import { statusError } from '../graph/errors.ts'
import type { Simulation } from '../simulation.ts'
import { emitForNumber } from '../webhooks/emit.ts'
import { conversationId } from '../world/ids.ts'
import type { Json, PhoneNumber, SentMessage, Waba } from '../world/world.ts'
import type { Outcome } from './outcome.ts'
import { contactOf } from './recipient.ts'
import { isFreeEntry, type Pricing, pricingOf, threadKey } from './threads.ts'

/** Versions up to this one tell the conversation in every status. */
const LAST_WITH_CONVERSATION = 23

export interface Sent {
  message: SentMessage
  number: PhoneNumber
  waba: Waba
  /** Key of the thread. */
  key: string
  /** Category of the template, lower case; null for any other message. */
  category: string | null
}

/** Schedules what Meta will tell about an accepted message: sent, delivered, read; or one failure. */
export function streamStatuses(sim: Simulation, sent: Sent, outcome: Outcome | null): void {
  const { sentMs, deliveredMs, readMs, shuffle } = sim.delivery
  if (outcome) {
    sim.later(sentMs ?? 0, () => reportFailure(sim, sent, outcome))
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
  // Exactly one of sent and delivered tells the price, and it is not always the same one.
  const priced =
    due.some(([status]) => status === 'delivered') && sent.message.id.charCodeAt(sent.message.id.length - 9) % 2 === 0
      ? 'delivered'
      : 'sent'
  const context = pricingContext(sim, sent)
  for (const [index, [status]] of due.entries()) {
    sim.later(delays[index] as number, () => report(sim, sent, status, status === priced ? context : null))
  }
}

interface PricingContext {
  pricing: Pricing
  conversation: Json | null
}

/** Taken when the message is accepted: a reply a moment later must not change its price. */
function pricingContext(sim: Simulation, { message, key, category }: Sent): PricingContext {
  const thread = sim.world.threads.get(threadKey(message.phoneNumberId, key))
  const now = sim.now()
  const pricing = pricingOf(category, thread, now)
  const isFree = isFreeEntry(thread, now)
  if (!isFree && sim.world.app.webhookVersion > LAST_WITH_CONVERSATION) return { pricing, conversation: null }
  const until = isFree ? (thread?.freeEntryUntil ?? now) : now + 24 * 3_600_000
  const conversation = {
    id: conversationId(`${message.phoneNumberId}:${key}:${until}`),
    expiration_timestamp: unixText(until),
    origin: { type: pricing.category },
  }
  return { pricing, conversation }
}

function report(sim: Simulation, sent: Sent, status: string, context: PricingContext | null): void {
  const conversation = context?.conversation
  // Only `sent` says when the conversation ends.
  const { expiration_timestamp: _, ...later } = conversation ?? {}
  emitStatus(sim, sent, status, {
    ...callbackData(sent),
    ...(conversation && { conversation: status === 'sent' ? conversation : later }),
    ...(context && { pricing: context.pricing }),
  })
}

/** A failed status: one error, and no contacts beside it. */
export function reportFailure(sim: Simulation, sent: Sent, { code, details }: Outcome): void {
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
    ...(recipient && { recipient_id: recipient }),
    ...(message.userId && { recipient_user_id: message.userId }),
    ...members,
  }
  const beside = status === 'failed' ? {} : { contacts: [contact] }
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
