import { parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Store } from '#shared/store/connect.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'

/** Digits of a number in any usual form, national ones as from the tenant's own country. @throws ApiError 422 PHONE_INVALID */
export async function phoneOf(store: Store, tenantId: string, text: string, path: string): Promise<string> {
  const client = await findPrimaryClient(store, tenantId)
  const parsed = parsePhone(text, client?.whatsappNumber ?? null)
  if (parsed) return parsed.waId
  throw new ApiError(422, 'PHONE_INVALID', `${path} is no phone number`, { errors: [{ path, message: 'is no phone number' }] })
}
