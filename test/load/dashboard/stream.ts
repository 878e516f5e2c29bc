import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientDoc, ConversationDoc, EventDoc, MessageDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { lastMessageOf, newMessage } from '#shared/model/new-rows.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { conversationUpdated, eventIds, messageReceived } from '#shared/views/events.ts'
import { log } from '../bed.ts'

const EVERY_MS = 100

/**
 * Stores messages of customers and tells of them as the recorder does: for each a `message:received` and a `conversation:updated`.
 * @returns stops the stream, and says how many events it published
 */
export function startStream(store: Store, queue: Queue, client: ClientDoc, people: ConversationDoc[], perSecond: number) {
  const publisher = createEventPublisher({ queue, log })
  const known = people.map(conversation => ({ ...conversation }))
  let count = 0
  let isOn = true

  function tell(at: Date): { message: MessageDoc; events: EventDoc[] } {
    const conversation = known[count % known.length] as ConversationDoc
    const contact = { _id: conversation.contactId, waId: conversation.contact.phone, userId: null }
    const content = { text: `Bonjour ${count}`, media: null, template: null, data: null }
    const row = newMessage({ client, conversation, contact }, { type: 'text', content }, at)
    const message: MessageDoc = { ...row, direction: 'INBOUND', status: 'RECEIVED', wamid: `wamid.stream.${row._id}` }
    Object.assign(conversation, {
      ...{ messageCount: conversation.messageCount + 1, unreadCount: conversation.unreadCount + 1 },
      ...{ lastMessage: lastMessageOf(message), lastActivityAt: at, updatedAt: at },
    })
    count += 2
    const events = [
      messageReceived(`r:${newId()}`, message, contact.waId, at),
      conversationUpdated(eventIds.batch(conversation._id, String(message._id)), conversation, at),
    ]
    return { message, events }
  }

  async function run(): Promise<void> {
    const from = performance.now()
    while (isOn) {
      const due = (perSecond * (performance.now() - from)) / 1000
      const told: ReturnType<typeof tell>[] = []
      while (count < due) told.push(tell(new Date()))
      if (told.length > 0) {
        const events = told.flatMap(row => row.events)
        await store.raw.messages.insertMany(told.map(({ message }) => message))
        await store.raw.conversations.bulkWrite(
          known.map(({ _id, messageCount, unreadCount, lastMessage, lastActivityAt, updatedAt }) => ({
            updateOne: {
              filter: { _id },
              update: { $set: { messageCount, unreadCount, lastMessage, lastActivityAt, updatedAt } },
            },
          })),
        )
        await store.raw.events.insertMany(events)
        await publisher.publish(events, null)
      }
      await sleep(EVERY_MS)
    }
    await publisher.settled()
  }

  const running = run()
  running.catch(() => undefined)
  return async () => {
    isOn = false
    await running
    return count
  }
}
