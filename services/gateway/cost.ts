import { countryOf } from '#shared/domain/phone-number.ts'
import { priceOf } from '#shared/domain/price.ts'
import { windowIsOpen } from '#shared/domain/service-window.ts'
import type { ContactDoc, ConversationDoc, MessageDoc, TenantDoc } from '#shared/store/documents.ts'
import type { Draft } from './drafts.ts'

/** Free text is free; a template costs what the tenant's table says, a utility one inside the window nothing. */
export function costOf(
  { template }: Draft,
  tenant: TenantDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  now: Date,
): MessageDoc['cost'] {
  const { currency, prices } = tenant.settings
  if (template === null) return { amount: 0, currency, category: 'service' }
  const category = template.category.toLowerCase()
  const isFree =
    (category === 'utility' && windowIsOpen(conversation.windowExpiresAt, now)) ||
    windowIsOpen(conversation.freeEntryPointExpiresAt, now)
  return { amount: isFree ? 0 : priceOf(prices, template.category, countryOf(contact.waId)), currency, category }
}
