import { z } from 'zod'
import { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { getContact } from '#shared/store/contacts/contacts.ts'
import { findConversationsWith } from '#shared/store/inbox/conversations.ts'
import { listMessagesOf } from '#shared/store/inbox/messages.ts'
import { pageView } from '#shared/store/pages.ts'
import { conversationView, messageView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Paging, wholeList } from '../schemas.ts'

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
  query: z.strictObject(Paging),
  returns: listOf(MessageView),
  async handle(request, { store }: GatewayDeps) {
    const contact = await getContact(store, callerOf(request).tenantId, request.params.id)
    const own = await findConversationsWith(store, contact.tenantId, [contact._id], undefined)
    const ids = own.map(({ _id }) => _id)
    return { body: pageView(await listMessagesOf(store, callerOf(request).tenantId, ids, request.query), messageView) }
  },
})

export const contactConversationRoutes = [conversations, messages]
