import type { Priority } from '#shared/domain/messages/priority.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { newOutbound } from '#shared/model/new-rows.ts'

/** An outbound text as the gateway leaves it, except that no sweep enqueues it: the test does. */
export function outboundIn(conversation: ConversationDoc, text: string, priority: Priority = 'chat') {
  const { tenantId, clientId, phoneNumberId, contact, contactId } = conversation
  const place = { client: { _id: clientId, tenantId, phoneNumberId }, conversation, contact: { ...contact, _id: contactId } }
  const said = { type: 'text', content: { text, media: null, template: null, data: null } }
  const message = newOutbound(place, { ...said, payload: { type: 'text', text: { body: text } } }, { priority, now: new Date() })
  return { ...message, origin: 'api' as const, dispatch: { ...message.dispatch, nextStepAt: null } }
}
