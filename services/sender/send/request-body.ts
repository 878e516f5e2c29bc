import { formatCallbackData } from '#shared/domain/messages/callback-data.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'

/**
 * The body of the call. A phone number is sent with `+`: Meta completes digits alone with the sending number's country code. The
 * callback data comes back in every status and is the only proof of an attempt whose answer was lost.
 * @param payload whose files have their ids at Meta
 */
export function bodyFor(message: MessageDoc, payload = message.payload): Record<string, unknown> {
  const { priority, attempt } = message.dispatch as Dispatch
  const recipient =
    message.contactKeyKind === 'userId' ? { recipient: message.contactKey } : { to: `+${message.contactKey.replace(/^\+/, '')}` }
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...payload,
    ...(message.marketingMessages && { product_policy: message.marketingMessages }),
    ...recipient,
    biz_opaque_callback_data: formatCallbackData({ priority, messageId: String(message._id), attempt }),
  }
}
