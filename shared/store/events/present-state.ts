import type { ConversationUpdates } from '../../contracts/event-payloads.ts'
import type { ConversationDoc, EventDoc } from '../../model/documents.ts'
import { conversationUpdated } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'

/**
 * Brings events up to date that have waited in the outbox: a `conversation:updated` shows the whole conversation, and newer ones
 * have probably got ahead of it. An event that has got its `seq` meanwhile, or whose conversation is gone, stays as it is.
 * @returns all events, in the same order @throws Outage
 */
export async function withPresentState({ raw }: Store, events: readonly EventDoc[]): Promise<EventDoc[]> {
  const updates = events.filter(({ name }) => name === 'conversation:updated')
  const ids = updates.flatMap(({ conversationId }) => conversationId ?? [])
  if (ids.length === 0) return [...events]
  const filter = { _id: { $in: ids }, tenantId: { $in: updates.map(({ tenantId }) => tenantId) }, deletedAt: null }
  const conversations = await orOutage(raw.conversations.find(filter).toArray())
  const byId = new Map(conversations.map(conversation => [String(conversation._id), conversation]))
  const fresh = new Map(
    updates.flatMap(event => {
      const conversation = byId.get(String(event.conversationId))
      return conversation ? [[event._id, asOfNow(event, conversation)] as const] : []
    }),
  )
  const operations = [...fresh.values()].map(({ _id, tenantId, payload }) => ({
    updateOne: { filter: { _id, tenantId, seq: null }, update: { $set: { payload } } },
  }))
  if (operations.length > 0) await orOutage(raw.events.bulkWrite(operations, { ordered: false }))
  return events.map(event => fresh.get(event._id) ?? event)
}

function asOfNow(event: EventDoc, conversation: ConversationDoc): EventDoc {
  const before = event.payload.updates as ConversationUpdates
  const now = conversationUpdated(event._id, conversation, event.at).payload as {
    updates: object
    conversation: ConversationUpdates
  }
  const { assignedTo, contact } = now.conversation
  const told = { ...('assignedTo' in before && { assignedTo }), ...('contact' in before && { contact }) }
  return {
    ...event,
    payload: { ...now, conversationId: event.payload.conversationId, updates: { ...before, ...told, ...now.updates } },
  }
}
