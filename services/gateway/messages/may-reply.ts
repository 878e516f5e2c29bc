import { ApiError, notFound } from '#shared/domain/errors.ts'
import { replyRefusal } from '#shared/domain/inbox/visibility.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ConversationDoc, TenantDoc } from '#shared/model/documents.ts'

/**
 * Refuses to write into a conversation that the account's settings keep from the user.
 * @param isNamed whether the caller has named the conversation, which then does not exist for them
 * @throws ApiError 403 CONVERSATION_OF_ANOTHER, NOT_ASSIGNEE, 404
 */
export function requireMayReply(
  { settings }: TenantDoc,
  caller: Caller,
  conversation: Pick<ConversationDoc, 'assignedTo'> | null,
  isNamed: boolean,
): void {
  const refusal = replyRefusal(settings, caller, conversation)
  if (refusal === 'hidden' && isNamed) throw notFound('Conversation')
  if (refusal === 'hidden')
    throw new ApiError(403, 'CONVERSATION_OF_ANOTHER', 'The conversation with this contact is not assigned to you.')
  if (refusal === 'not-assignee')
    throw new ApiError(
      403,
      'NOT_ASSIGNEE',
      'Only the user whom the conversation is assigned to may answer. Assign it to yourself.',
    )
}
