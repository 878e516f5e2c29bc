import type { ContactView, ConversationView } from '#shared/contracts/views.ts'

/** How a contact is called: its name, else number or @username. `isLtr`: written from left to right in every language. */
export interface ContactName {
  text: string | null
  isLtr: boolean
}

export function nameOf({ contact, candidateName }: Pick<ConversationView, 'contact' | 'candidateName'>): ContactName {
  const name = contact.name ?? candidateName
  return name ? { text: name, isLtr: false } : identifierOf(contact)
}

/** Number or @username; null: only WhatsApp knows who it is. */
export function identifierOf({ phone, waId, username }: ContactView): ContactName {
  if (phone ?? waId) return { text: grouped((phone ?? `+${waId}`) as string), isLtr: true }
  return { text: username ? `@${username}` : null, isLtr: true }
}

/** A number that can be read before the library that knows each country's grouping is there: +212 661 00 01 01. */
export function grouped(phone: string): string {
  const digits = phone.replace(/\D/g, '')
  if (digits.length < 8) return phone
  const rest = digits.length > 11 ? digits.slice(3) : digits.slice(2)
  const country = digits.slice(0, digits.length - rest.length)
  const pairs =
    rest.length % 2 === 1 ? [rest.slice(0, 3), ...(rest.slice(3).match(/.{1,2}/g) ?? [])] : (rest.match(/.{1,2}/g) ?? [])
  return `+${country} ${pairs.join(' ')}`
}
