import { ApiError } from '#shared/domain/errors.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ConversationDoc, EventDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { findAvailableAgents, findUser } from '#shared/store/accounts/users.ts'
import { recordClosing } from '#shared/store/analytics/closings.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { changeConversation, countOpenConversations, labelsAfter } from '#shared/store/inbox/conversations.ts'
import { readMessages } from '#shared/store/inbox/messages.ts'
import { conversationAssigned, conversationEdited } from '#shared/views/events.ts'
import type { GatewayDeps } from '../deps.ts'
import { sendReadReceipt } from '../messages/receipts.ts'

export interface Changes {
  set: Partial<ConversationDoc>
  /** Instead of `set`: marks messages up to this one as read. The row in the transaction decides which. */
  read?: { upTo: string | null }
  /** Beside `set`: labels to add and to remove, from those that the row has when it is written. */
  labels?: { add: readonly string[]; remove: readonly string[] }
  /** Condition that must still hold when the change is written, else 409. */
  provided?: { 'assignedTo.id': null }
}

/**
 * Change that assigns a conversation.
 * @param wanted id of a user, `auto` for the least busy agent, null for nobody @throws ApiError 403, 422
 */
export async function assignTo(
  row: ConversationDoc,
  caller: Caller,
  wanted: string | null,
  { store }: Pick<GatewayDeps, 'store'>,
): Promise<Changes> {
  const mayAssign = caller.may('conversations.assign')
  if (!mayAssign && (wanted !== caller.id || caller.kind !== 'user'))
    throw new ApiError(403, 'FORBIDDEN', 'You may only assign an unassigned conversation to yourself.')
  if (wanted === null) return { set: { assignedTo: null } }
  const userId = wanted === 'auto' ? await leastBusy(store, caller.tenantId) : wanted
  const user = await findUser(store, caller.tenantId, userId)
  if (user === null || user.status !== 'active')
    throw new ApiError(422, 'ASSIGNEE_UNKNOWN', 'There is no active user with this id in the account.')
  const assignedTo = { id: user._id, name: user.name }
  const isOwn = row.assignedTo?.id.equals(user._id) === true
  return mayAssign || isOwn ? { set: { assignedTo } } : { set: { assignedTo }, provided: { 'assignedTo.id': null } }
}

/** The available agent with the fewest open conversations. @throws ApiError 422 NO_AGENT */
async function leastBusy(store: GatewayDeps['store'], tenantId: string): Promise<string> {
  const agents = await findAvailableAgents(store, tenantId)
  const loads = await Promise.all(agents.map(agentId => countOpenConversations(store, tenantId, agentId)))
  const best = agents[loads.indexOf(Math.min(...loads))]
  if (best === undefined) throw new ApiError(422, 'NO_AGENT', 'No agent is available. Assign the conversation to a user by id.')
  return String(best)
}

/** Writes the change and its events in one transaction. @throws ApiError 409 ALREADY_ASSIGNED */
export async function applyChange(
  deps: GatewayDeps,
  before: ConversationDoc,
  { set, provided, read, labels }: Changes,
  traceparent: string,
): Promise<ConversationDoc> {
  const { store } = deps
  const now = deps.now()
  // A new id instead of the request's, which the caller chooses and may repeat, even across tenants.
  const cause = newId()
  const { changed, events, lastRead } = await store.transaction(async session => {
    const seen = read ? await readMessages(store, before, read.upTo, now, session) : null
    const labelled = labels ? { labels: await labelsAfter(store, before, labels, session) } : {}
    if (set.status === 'closed') await recordClosing(store, before, now, session)
    const row = await changeConversation(store, before, { ...(seen?.shown ?? set), ...labelled }, provided ?? {}, session)
    if (row === null) throw new ApiError(409, 'ALREADY_ASSIGNED', 'The conversation is already assigned to another agent.')
    const events: EventDoc[] = [conversationEdited(cause, row, now)]
    if ('assignedTo' in set) events.push(conversationAssigned(cause, row, before, now))
    await insertEvents(store, events, session)
    return { changed: row, events: events, lastRead: seen?.lastRead ?? null }
  })
  void deps.events.publish(events, traceparent)
  // The receipt names the last message that was seen, not one that came after it.
  if (lastRead !== null)
    sendReadReceipt(deps, { ...changed, lastInboundWamid: lastRead }, traceparent).catch(error =>
      deps.log.info({ err: error }, 'receipt not sent'),
    )
  return changed
}
