import { digitsOf, isText } from '../params.ts'
import { isUserId, userIdFor } from '../world/ids.ts'
import type { Json, Person, PhoneNumber, World } from '../world/world.ts'
import { invalid } from './refusals.ts'

export interface Recipient {
  /** As posted. */
  input: string
  /** Digits or business-scoped user id: what the log shows. */
  to: string
  waId: string | null
  /** Set when the request has one. */
  userId: string | null
  /** Key of conversations and limits: the same for a person, whether addressed by phone or by user id. */
  key: string
  person: Person | undefined
  /** Id of the group, for a message to one. */
  groupId?: string
}

/** The recipient of a send. @throws GraphError 131009 for a value that is neither a phone nor a business-scoped user id */
export function recipientOf(body: Json, number: PhoneNumber, world: World): Recipient {
  const userId = isText(body.recipient) ? body.recipient : null
  if (body.to === undefined) return byUserId(userId ?? '', world)
  const input = String(body.to)
  if (isUserId(input)) return byUserId(input, world)
  if (!/^\+?[\d\s()\-./]+$/.test(input)) invalid('Parameter value is not valid: "to" has an invalid format')
  const to = fullDigits(input, number)
  if (to.length < 8 || to.length > 15) invalid('Parameter value is not valid: "to" has an invalid format')
  const waId = waIdOf(to)
  return { input, to, waId, userId: userId && isUserId(userId) ? userId : null, key: waId, person: world.people.get(waId) }
}

function byUserId(userId: string, world: World): Recipient {
  if (!isUserId(userId)) invalid('Parameter value is not valid: "recipient" has an invalid format')
  const person = world.people.get(userId)
  return { input: userId, to: userId, waId: null, userId, key: person?.waId ?? userId, person }
}

/** Digits with a country code. A short or national number without `+` gets the country code of the business. */
function fullDigits(input: string, number: PhoneNumber): string {
  const digits = digitsOf(input)
  if (input.trim().startsWith('+')) return digits
  const countryCode = number.digits.slice(0, -9)
  if (digits.startsWith('00')) return digits.slice(2)
  return digits.startsWith('0') ? countryCode + digits.slice(1) : digits.length <= 9 ? countryCode + digits : digits
}

/** The WhatsApp id of a phone: Brazil loses the ninth digit, Mexico gains a 1. So it may differ from what the client sent. */
export function waIdOf(digits: string): string {
  if (/^55\d{2}9\d{8}$/.test(digits)) return digits.slice(0, 4) + digits.slice(5)
  if (/^52[2-9]\d{9}$/.test(digits)) return `521${digits.slice(2)}`
  return digits
}

const NAMES = ['Imane', 'Omar', 'Ghita', 'Yassine', 'Lina', 'Hamza', 'Sara', 'Mehdi', 'Aya', 'Anas', 'Rim', 'Zakaria']

/** The contact of a webhook: profile, the phone if it is visible, and the user id in this portfolio. */
export function contactOf(
  person: { waId: string | null; userId: string | null },
  portfolioId: string,
  known: Person | undefined,
) {
  const waId = known ? known.waId : person.waId
  const userId = known?.userId ?? person.userId ?? (waId ? userIdFor(portfolioId, waId) : null)
  const name = known?.name ?? NAMES[Number((waId ?? '0').slice(-4)) % NAMES.length]
  const username = known?.username
  return {
    profile: { name, ...(username && { username }) },
    ...(waId && { wa_id: waId }),
    ...(userId && { user_id: userId }),
  }
}
