import { ApiError } from '#shared/domain/errors.ts'
import type { Id } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { findMessageNamed } from '#shared/store/inbox/messages.ts'
import type { Destination } from './recipient.ts'

/**
 * Message that a reply or reaction refers to, by Linko's id or by wamid, in the same conversation.
 * @param path request field named in the error. @throws ApiError 422
 */
export async function quotedMessage(
  store: Store,
  { conversation }: Destination,
  name: string,
  path: string,
): Promise<{ messageId: Id; wamid: string }> {
  const quoted = conversation && (await findMessageNamed(store, conversation, name))
  if (!quoted)
    throw new ApiError(422, 'QUOTE_UNKNOWN', 'There is no message with this id in the conversation.', {
      errors: [{ path, message: 'This is not a message of the conversation.' }],
    })
  if (quoted.wamid === null)
    throw new ApiError(422, 'QUOTE_NOT_SENT', 'The quoted message has not reached WhatsApp yet. Try again after it is sent.')
  return { messageId: quoted._id, wamid: quoted.wamid }
}
