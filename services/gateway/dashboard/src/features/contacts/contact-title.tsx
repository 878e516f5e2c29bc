import { identifierOf } from '../../lib/data/contact-name.ts'
import { type Translate, useText } from '../../lib/i18n/text.tsx'
import { Dotted } from '../../ui/dotted.tsx'
import type { Contact } from './data.ts'

/** How a contact is called in a sentence and in a typed confirmation: its name, else number, @username, or the word for nobody known. */
export const titleOf = (contact: Contact, t: Translate): string =>
  contact.name ?? identifierOf(contact).text ?? t('contacts.unknown')

/** Name of a contact, in its own direction. */
export function ContactTitle({ contact }: { contact: Contact }) {
  const t = useText()
  return <bdi dir={contact.name ? 'auto' : identifierOf(contact).text ? 'ltr' : undefined}>{titleOf(contact, t)}</bdi>
}

/** Number and @username, as far as they are known and not the title already. */
export function Identifiers({ contact }: { contact: Contact }) {
  const { text } = identifierOf(contact)
  const hasPhone = (contact.phone ?? contact.waId) !== null
  const shown = [contact.name ? text : null, hasPhone && contact.username ? `@${contact.username}` : null]
  return <Dotted facts={shown.filter(one => typeof one === 'string')} />
}
