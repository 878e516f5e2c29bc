import type { AddressInfo } from 'node:net'
import express, { type Response } from 'express'
import { newId } from '#shared/model/ids.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/inbox.ts'
import { messageView } from '#shared/views/views.ts'
import { outboundIn } from '#test/support/outbound.ts'
import { DURABLE, end, grouped, openBroker, openDatabase, packed, publishItem, QUEUES, ready } from './parts.ts'

/** Process 1 of the mixed skeleton: 202 after one insert of the row, with those that came meanwhile; then two messages. */
const { messages, conversations } = await openDatabase()
const broker = await openBroker()
const known = new Map((await conversations.find().toArray()).map(conversation => [String(conversation._id), conversation]))
const agent = { kind: 'user' as const, id: newId(), name: 'Agent' }

/** As large as the product's row of a free answer. */
function rowOf(conversation: ConversationDoc, text: string): MessageDoc {
  const row = outboundIn(conversation, text)
  const cost = { amount: 0, currency: 'MAD', category: 'service' }
  return { ...row, content: { ...row.content, data: { body: text } }, cost, sentBy: agent, origin: 'dashboard' }
}

const insert = grouped<{ message: MessageDoc; response: Response }>(async group => {
  const rows = group.map(({ message }) => message)
  await messages.insertMany(rows, DURABLE)
  for (const { message, response } of group) response.status(202).json(messageView(message))
  Promise.all(rows.map(publish)).catch(end)
})

const publish = (message: MessageDoc) =>
  Promise.all([
    broker.publish(QUEUES.send, packed(message)),
    publishItem(broker, { kind: 'accepted', messageId: String(message._id), waId: message.contactKey }),
  ])

const app = express()
app.post('/api/v1/messages/send', express.json(), (request, response) => {
  const { conversationId, text } = request.body as { conversationId: string; text: string }
  const conversation = known.get(conversationId)
  if (conversation === undefined) return void response.status(404).end()
  insert({ message: rowOf(conversation, text), response })
})
const server = app.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port))
