import { isBlocked } from '#shared/domain/contacts/block.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { MessageDoc, TemplateDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { templateOf } from '#shared/store/dispatch/take.ts'
import { findTemplate } from './drafts.ts'
import type { Destination } from './recipient.ts'

/**
 * The refusals that callers hear at once. The sender asks the same again when a message goes out
 * (`shared/domain/messages/consent.ts`).
 */

/** Refuses every message to a blocked contact. @throws ApiError 422 CONTACT_BLOCKED */
export function refuseBlocked({ contact }: Pick<Destination, 'contact'>): void {
  if (contact && isBlocked(contact))
    throw new ApiError(422, 'CONTACT_BLOCKED', 'This contact is blocked. Unblock the contact to send messages.')
}

/** Refuses marketing templates to a contact that has opted out of them. @throws ApiError 422 CONTACT_OPTED_OUT */
export function refuseOptedOut({ contact }: Pick<Destination, 'contact'>, { category }: Pick<TemplateDoc, 'category'>): void {
  if (category === 'MARKETING' && contact?.optOut)
    throw new ApiError(422, 'CONTACT_OPTED_OUT', 'This contact has opted out of marketing messages.')
}

/**
 * Refuses a stored message that must not go out as things are now.
 * @throws ApiError 422 CONTACT_BLOCKED, CONTACT_OPTED_OUT, TEMPLATE_UNKNOWN, TEMPLATE_NOT_APPROVED
 */
export async function refuseUnsendable(
  store: Store,
  destination: Destination,
  message: Pick<MessageDoc, 'type' | 'content'>,
): Promise<void> {
  refuseBlocked(destination)
  const { templateName: name, templateLanguage: language } = templateOf(message)
  if (name === null || language === null) return
  refuseOptedOut(destination, await findTemplate(store, destination.client, { name, language }))
}
