import { ApiError } from '#shared/domain/errors.ts'
import { NO_ASSIGNMENT, planAssignments } from '#shared/domain/inbox/assignment.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ConversationDoc, EventDoc, Id } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { findAvailableAgents, findUser } from '#shared/store/accounts/users.ts'
import { recordClosing } from '#shared/store/analytics/closings.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { countLoads, noteAssigned } from '#shared/store/inbox/assignment.ts'
import { changeConversation, labelsAfter } from '#shared/store/inbox/conversations.ts'
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
  /** Whom it was the turn of; the next one is another's. */
  turnOf?: Id
  /** Condition that must still hold when the change is written, else 409. */
  provided?: { 'assignedTo.id': null }
}

/**
 * Change that assigns a conversation.
 * @param wanted id of a user, `auto` for the available agent whose turn it is, null for nobody @throws ApiError 403, 422
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
  const turnOf = wanted === 'auto' ? await nextAgent(store, row) : null
  const user = await findUser(store, caller.tenantId, turnOf ?? wanted)
  if (user === null || user.status !== 'active')
    throw new ApiError(422, 'ASSIGNEE_UNKNOWN', 'There is no active user with this id in the account.')
  const assignedTo = { id: user._id, name: user.name }
  const isOwn = row.assignedTo?.id.equals(user._id) === true
  if (!mayAssign && !isOwn) return { set: { assignedTo }, provided: { 'assignedTo.id': null } }
  return { set: { assignedTo }, ...(turnOf && { turnOf: user._id }) }
}

/**
 * The available agent who gets the conversation by the account's assignment: capacities, rules and mode. An account that assigns by
 * hand goes round. Unlike the background job it does not ask who is connected: somebody has chosen to give the conversation away.
 * @throws ApiError 422 NO_AGENT
 */
async function nextAgent(store: GatewayDeps['store'], row: ConversationDoc): Promise<string> {
  const { settings } = await getCachedTenant(store, row.tenantId)
  const { mode, ...own } = settings.assignment ?? NO_ASSIGNMENT
  const agents = await findAvailableAgents(store, row.tenantId)
  const ids = agents.map(({ _id }) => _id)
  const loads = await countLoads(store, row.tenantId, ids)
  const [next] = planAssignments(
    { ...own, mode: mode === 'off' ? 'round-robin' : mode },
    [{ id: String(row._id), clientId: String(row.clientId), labels: row.labels }],
    agents.map(({ _id, lastAssignedAt }) => ({
      id: String(_id),
      load: loads.get(String(_id)) ?? 0,
      lastAssignedAt: lastAssignedAt ?? null,
    })),
  )
  if (next === undefined) throw new ApiError(422, 'NO_AGENT', 'No agent is available. Assign the conversation to a user by id.')
  return next.agentId
}

/** Writes the change and its events in one transaction, in the caller's name. @throws ApiError 409 ALREADY_ASSIGNED */
export async function applyChange(
  deps: GatewayDeps,
  before: ConversationDoc,
  { set, provided, read, labels, turnOf }: Changes,
  { caller, traceparent }: { caller: Caller; traceparent: string },
): Promise<ConversationDoc> {
  const { store } = deps
  const now = deps.now()
  // A new id instead of the request's, which the caller chooses and may repeat, even across tenants.
  const cause = newId()
  const { changed, events, lastRead } = await store.transaction(async session => {
    const seen = read ? await readMessages(store, before, read.upTo, now, session) : null
    const labelled = labels ? { labels: await labelsAfter(store, before, labels, session) } : {}
    if (set.status === 'closed') await recordClosing(store, before, now, session)
    const change = { ...(seen?.shown ?? set), ...labelled, updatedBy: toId(caller.id) }
    const row = await changeConversation(store, before, change, provided ?? {}, session)
    if (row === null) throw new ApiError(409, 'ALREADY_ASSIGNED', 'The conversation is already assigned to another agent.')
    if (turnOf) await noteAssigned(store, { tenantId: before.tenantId, _id: turnOf }, now, session)
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
