import { readPhone } from '#shared/domain/contacts/phone-number.ts'
import { NOT_VALID } from '#shared/domain/contacts/phone-spelling.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { type Sentence, sentenceKey } from '#shared/domain/sentence.ts'
import type { Store } from '#shared/store/connect.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'

/**
 * WhatsApp id (digits with country code) of a phone number in any common form. A national number is read as one of the country of
 * the tenant's primary number. @param path request field named in the error @throws ApiError 422 PHONE_INVALID
 */
export async function phoneOf(store: Store, tenantId: string, text: string, path: string): Promise<string> {
  const client = await findPrimaryClient(store, tenantId)
  const read = readPhone(text, client?.whatsappNumber ?? null)
  if ('problem' in read) throw phoneInvalid(path, read.problem)
  return read.waId
}

/** Refusal of a field that holds no phone number. @param problem as `readPhone` says it */
export function phoneInvalid(path: string, problem: Sentence): ApiError {
  const isOther = problem.key !== NOT_VALID.key
  const detail = isOther
    ? `\`${path}\`: ${problem.text}`
    : `\`${path}\` is not a valid phone number. Use E.164 digits, for example +212661000101.`
  const message = isOther ? problem.text : 'This is not a valid phone number.'
  const key = sentenceKey(problem)
  return new ApiError(422, 'PHONE_INVALID', detail, { errors: [{ path, message, messageKey: key }], detailKey: key })
}
