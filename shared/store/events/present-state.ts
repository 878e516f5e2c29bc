import type { ConversationUpdates } from '../../contracts/event-payloads.ts'
import type { RealtimeEvent } from '../../contracts/realtime-event.ts'
import type { ConversationDoc } from '../../model/documents.ts'
import { toId } from '../../model/ids.ts'
import { conversationUpdated, isOfRecorder } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { perStore } from '../per-store.ts'
import { TtlCache } from '../ttl-cache.ts'

/** What this process numbered about a conversation: the newest time of its updates, and whether others than the recorder made one. */
interface Numbered {
  newest: string
  isShared: boolean
}

/** Longer than an update is on its way, also by the outbox, while the broker is there. */
const REMEMBERED_MS = 60_000
const numberedOf = perStore(() => new TtlCache<string, Numbered>(50_000))
/** Tenants whose events another process numbered until lately: what that one numbered is unknown here. */
const takenOverOf = perStore(() => new TtlCache<string, true>(20_000))

/** Notes that this process did not number the tenant's last event. */
export const noteTakenOver = (store: Store, tenantId: string): void => takenOverOf(store).set(tenantId, true, REMEMBERED_MS)

/**
 * Brings updates of conversations up to date that may show an older state than one numbered before. A `conversation:updated` shows
 * the whole conversation as its writer knew it; the recorder and the gateway write different fields of it, each without waiting
 * for the other, and publish on different ways. So an update is read anew when several processes changed the conversation lately,
 * when it comes behind a newer one, and when this process does not know what was numbered before. The recorder's own updates come
 * in order; they are told as they are.
 * @returns all events, in the same order; what was read anew is another object. @throws on an unavailable database
 */
export async function withPresentState(store: Store, events: readonly RealtimeEvent[]): Promise<RealtimeEvent[]> {
  const doubtful = events.filter(event => noteUpdate(store, event))
  if (doubtful.length === 0) return [...events]
  const conversations = await readConversations(store, doubtful)
  const current = new Map(
    doubtful.flatMap(event => {
      const conversation = conversations.get(String(event.conversationId))
      return conversation ? [[event.eventId, asOfNow(event, conversation)] as const] : []
    }),
  )
  return events.map(event => current.get(event.eventId) ?? event)
}

/** Notes an update of a conversation. @returns whether it may show an older state than one before */
function noteUpdate(store: Store, { name, eventId, tenantId, conversationId, at }: RealtimeEvent): boolean {
  if (name !== 'conversation:updated' || conversationId === null) return false
  const before = numberedOf(store).get(conversationId)
  const isShared = before?.isShared === true || !isOfRecorder(eventId)
  const isLate = before !== undefined && at < before.newest
  numberedOf(store).set(conversationId, { newest: isLate ? before.newest : at, isShared }, REMEMBERED_MS)
  return isShared || isLate || takenOverOf(store).get(tenantId) === true
}

/**
 * By their ids, without deleted ones. Not with majority: the recorder publishes events while its writes are still on their way to the
 * journal, and a read with majority would show the state before them.
 */
async function readConversations({ raw }: Store, events: RealtimeEvent[]): Promise<Map<string, ConversationDoc>> {
  const ids = events.map(({ conversationId }) => toId(conversationId as string))
  const tenantIds = [...new Set(events.map(({ tenantId }) => tenantId))].map(toId)
  const filter = { _id: { $in: ids }, tenantId: { $in: tenantIds }, deletedAt: null }
  const rows = await raw.conversations.find(filter, { readConcern: { level: 'local' } }).toArray()
  return new Map(rows.map(row => [String(row._id), row]))
}

function asOfNow(event: RealtimeEvent, conversation: ConversationDoc): RealtimeEvent {
  const before = (event.payload.updates ?? {}) as ConversationUpdates
  const now = conversationUpdated(event.eventId, conversation, new Date(event.at)).payload as {
    updates: object
    conversation: ConversationUpdates
  }
  const { assignedTo, labels, contact } = now.conversation
  const told = {
    ...('assignedTo' in before && { assignedTo }),
    ...('labels' in before && { labels }),
    ...('contact' in before && { contact }),
  }
  const updates = { ...before, ...told, ...now.updates }
  return { ...event, payload: { ...event.payload, updates, conversation: now.conversation } }
}
