import { formatCallbackData } from '#shared/domain/messages/callback-data.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'

/**
 * The body of the call. Digits alone would be completed with the sending number's own country code: a phone number goes
 * with `+`. Our id comes back in every status and is the only proof of an attempt whose answer was lost.
 * @param payload with Meta's ids of its files
 */
export function bodyFor(message: MessageDoc, payload = message.payload): Record<string, unknown> {
  const { priority, attempt } = message.dispatch as Dispatch
  const recipient =
    message.contactKeyKind === 'userId' ? { recipient: message.contactKey } : { to: `+${message.contactKey.replace(/^\+/, '')}` }
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...payload,
    ...recipient,
    biz_opaque_callback_data: formatCallbackData({ priority, messageId: String(message._id), attempt }),
  }
}
