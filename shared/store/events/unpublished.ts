import type { EventDoc } from '../../model/documents.ts'
import type { Id } from '../../model/ids.ts'
import { eventIds } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/** A webhook item that was recorded. */
interface RecordedItem {
  eventId: string
  tenantId: Id
}

/**
 * The events of recorded webhook items that have no `seq` yet: the process that stored them may have died before it published
 * them. First those of the messages in the order of the items, then those of their conversations. @throws Outage
 */
export async function findUnpublishedOf({ raw }: Store, items: readonly RecordedItem[]): Promise<EventDoc[]> {
  if (items.length === 0) return []
  const tenantId = { $in: [...new Map(items.map(item => [String(item.tenantId), item.tenantId])).values()] }
  const find = (ids: string[]) =>
    raw.events
      .find({ _id: { $in: ids }, tenantId })
      .sort({ createdAt: 1 })
      .toArray()
  const found = await orOutage(find(items.map(({ eventId }) => eventIds.webhook(eventId))))
  const byId = new Map(found.map(event => [event._id, event]))
  const ofMessages = items.map(({ eventId }) => byId.get(eventIds.webhook(eventId)))
  const ofConversations = items.flatMap(({ eventId }, i) => {
    const conversationId = ofMessages[i]?.conversationId
    return conversationId ? [eventIds.batch(conversationId, eventId)] : []
  })
  const further = ofConversations.length === 0 ? [] : await orOutage(find(ofConversations))
  return [...new Set([...ofMessages.filter(event => event !== undefined), ...further])].filter(({ seq }) => seq == null)
}
