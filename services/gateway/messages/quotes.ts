import { ApiError } from '#shared/domain/errors.ts'
import type { Id } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findMessageNamed } from '#shared/store/inbox/messages.ts'
import type { Destination } from './recipient.ts'

/**
 * A message that another one speaks of, by our id or by its wamid; it must be of the same conversation.
 * @param path where the caller named it. @throws ApiError 422
 */
export async function quotedMessage(
  store: Store,
  { conversation }: Destination,
  name: string,
  path: string,
): Promise<{ messageId: Id; wamid: string }> {
  const quoted = conversation && (await findMessageNamed(store, conversation, name))
  if (!quoted)
    throw new ApiError(422, 'QUOTE_UNKNOWN', 'There is no such message in this conversation', {
      errors: [{ path, message: 'is no message of this conversation' }],
    })
  if (quoted.wamid === null) throw new ApiError(422, 'QUOTE_NOT_SENT', 'That message has not reached WhatsApp yet')
  return { messageId: quoted._id, wamid: quoted.wamid }
}
