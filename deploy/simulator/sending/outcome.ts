import type { Simulation } from '../simulation.ts'
import type { PhoneNumber, Template, Waba } from '../world/world.ts'
import { conversationKey, windowIsOpen } from './conversations.ts'
import type { Recipient } from './recipient.ts'
import type { MessageType } from './shape.ts'

/** The failure of an accepted message: code and details of its `failed` status. */
export interface Outcome {
  code: number
  details?: string
}

/**
 * Numbers to which every send fails: +33 6 39 98 xx xx, which France reserves for fiction. The last four digits are the end
 * of the code, such as 1049 for 131049; any others mean 131026 (not on WhatsApp).
 */
const FICTION = /^3363998(\d{4})$/
const BY_LAST_DIGITS: Record<string, number> = {
  '0472': 130472,
  '0497': 130497,
  '1000': 131000,
  '1026': 131026,
  '1042': 131042,
  '1047': 131047,
  '1048': 131048,
  '1049': 131049,
  '1050': 131050,
  '1053': 131053,
  '2015': 132015,
}

/** The failure that Meta reports after it has answered 200, by the first rule that applies; null when the message arrives. */
export function outcomeOf(
  sim: Simulation,
  message: {
    number: PhoneNumber
    waba: Waba
    recipient: Recipient
    type: MessageType
    template: Template | null
    links: string[]
    /** Whether the message may begin a conversation: a template, or Direct Send. */
    mayOpen: boolean
  },
): Outcome | null {
  const { number, waba, recipient, template, links, mayOpen } = message
  const { person, key } = recipient
  const fiction = FICTION.exec(recipient.waId ?? '')?.[1]
  if (fiction !== undefined) return { code: BY_LAST_DIGITS[fiction] ?? 131026 }
  if (person?.failsWith) return { code: person.failsWith }
  if (template && waba.state === 'NO_PAYMENT' && waba.paymentFailsLater) return { code: 131042 }
  if (template?.category === 'MARKETING') {
    if (person?.optedOutOf.has(waba.portfolioId)) return { code: 131050 }
    if (/^1[2-9]\d{9}$/.test(recipient.waId ?? '')) return { code: 131049 }
  }
  const conversation = sim.world.conversations.get(conversationKey(number.id, key))
  if (!mayOpen && sim.rules.window && !windowIsOpen(conversation, sim.now())) return { code: 131047 }
  const dead = links.find(link => /^https?:\/\/[^/]*\.invalid(?::\d+)?(?:\/|$)/i.test(link))
  if (dead) return { code: 131053, details: 'Media file could not be downloaded from the link: host not found.' }
  const { failRate, failCode } = sim.delivery
  return failRate > 0 && Math.random() < failRate ? { code: failCode } : null
}
