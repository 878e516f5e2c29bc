import { z } from 'zod'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { Id } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { getContact } from '#shared/store/contacts/contacts.ts'
import { findConversationsWith } from '#shared/store/inbox/conversations.ts'
import { listMessagesOf, sumCosts } from '#shared/store/inbox/messages.ts'
import { pageView } from '#shared/store/pages.ts'
import { conversationView, messageView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { flagText, IdParams, listOf, Paging, wholeList } from '../schemas.ts'

const tag = 'contacts'

const conversations = route({
  method: 'get',
  path: '/api/v1/contacts/{id}/conversations',
  action: 'conversations.read',
  tag,
  summary: 'Conversations of a contact, one for each of your numbers, the most recently active first',
  params: IdParams,
  returns: listOf(ConversationView),
  async handle(request, { store, now }: GatewayDeps) {
    const { tenantId, _id } = await getContact(store, callerOf(request).tenantId, request.params.id)
    const rows = await findConversationsWith(store, tenantId, [_id], undefined)
    return { body: wholeList(rows.map(row => conversationView(row, now()))) }
  },
})

const messages = route({
  method: 'get',
  path: '/api/v1/contacts/{id}/messages',
  action: 'messages.read',
  tag,
  summary: 'Messages of a contact with all of your numbers in one list, newest first',
  params: IdParams,
  query: z.strictObject({ ...Paging, media: flagText.optional().describe('Only messages with a file') }),
  returns: listOf(MessageView),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { media, ...page } = request.query
    const ids = await conversationIds(store, tenantId, request.params.id)
    return { body: pageView(await listMessagesOf(store, tenantId, ids, page, media), messageView) }
  },
})

const costs = route({
  method: 'get',
  path: '/api/v1/contacts/{id}/costs',
  action: 'messages.read',
  tag,
  summary: 'What the messages to a contact have cost so far by your own prices, by currency',
  params: IdParams,
  returns: z.object({ costs: z.array(z.object({ currency: z.string(), amount: z.number() })) }),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId } = callerOf(request)
    return { body: { costs: await sumCosts(store, tenantId, await conversationIds(store, tenantId, request.params.id)) } }
  },
})

export const contactConversationRoutes = [conversations, messages, costs]

/** Of a contact with all of the account's numbers. @throws ApiError 404 */
async function conversationIds(store: Store, tenantId: string, contactId: string): Promise<Id[]> {
  const contact = await getContact(store, tenantId, contactId)
  const own = await findConversationsWith(store, contact.tenantId, [contact._id], undefined)
  return own.map(({ _id }) => _id)
}
