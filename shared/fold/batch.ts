import type { WebhookItem } from '../meta/webhook.ts'
import { parseWebhook } from '../meta/webhook.ts'
import { type Changes, hasWaited, type Loaded, type Plan } from '../model/batch-plan.ts'
import type { ClientDoc, Id } from '../model/documents.ts'
import { ERASED_PAYLOAD } from '../model/erased-message.ts'
import { foldAccount } from './account/account.ts'
import { foldCall } from './calls.ts'
import { clientsOf, type FoldContext } from './context.ts'
import { countLeftBehind } from './count.ts'
import { foldEcho, foldMessage } from './message.ts'
import { foldProjection, isProjection, type ProjectionItem } from './projection.ts'
import { emitConversations, emitJoined } from './realtime-events.ts'
import { openState, type State, type Tracked } from './state.ts'
import { foldStatus } from './status.ts'
import { DUPLICATE, failed, type ItemOutcome, ignored, statusOf, type Verdict, webhookEventOf } from './verdict.ts'

/** What the recorder applies: facts from Meta, and messages of ours that their conversations do not show yet. */
export type FoldItem = WebhookItem | ProjectionItem

export interface Folded {
  plan: Plan
  /** Nothing of the plan may be written: the batch must be loaded thoroughly and folded again. */
  needsThorough: boolean
  /** Outcome of each item, in the same order. */
  outcomes: ItemOutcome[]
}

/** Applies a batch of items to the loaded documents. Pure; items in any order give the same state. */
export function foldBatch(items: readonly FoldItem[], loaded: Loaded, context: FoldContext): Folded {
  const state = openState(loaded)
  countLeftBehind(state, context.now)
  const outcomes = items.map(item =>
    isProjection(item) ? foldProjection(state, context, item).outcome : foldItem(state, context, item),
  )
  emitJoined(state, context.now)
  emitConversations(state, context.now)
  return { plan: planOf(state), needsThorough: state.needsThorough, outcomes }
}

/** Whether an item was recorded before, and is not parked, reopened or failed. */
export function isRecorded(state: State, { eventId }: WebhookItem): boolean {
  const known = state.known.get(eventId)
  return known !== undefined && known.status !== 'FAILED' && known.status !== 'PENDING' && !hasWaited(known)
}

function foldItem(state: State, context: FoldContext, item: WebhookItem): ItemOutcome {
  if (isRecorded(state, item)) return DUPLICATE.outcome
  const known = state.known.get(item.eventId)
  const isParked = known !== undefined && hasWaited(known)
  const clients = clientsOf(context, item)
  const verdict = verdictOf(state, context, clients, item)
  if (isParked && verdict.outcome === 'parked') {
    state.parked.pop()
    return DUPLICATE.outcome
  }
  if (isParked) state.unparked.add(item.eventId)
  store(state, item, clients[0]?.tenantId ?? null, verdict, context)
  if (item.kind === 'message' || item.kind === 'echo') applyParked(state, context, item.wamid)
  return verdict.outcome
}

function verdictOf(state: State, context: FoldContext, clients: ClientDoc[], item: WebhookItem): Verdict {
  if (item.kind === 'broken') return failed(item.reason)
  if (item.kind === 'foreign') return ignored('not about WhatsApp')
  const [client] = clients
  if (client === undefined) return ignored('unknown phone number')
  switch (item.kind) {
    case 'message':
      return foldMessage(state, context, client, item)
    case 'echo':
      return foldEcho(state, context, client, item)
    case 'status':
      return foldStatus(state, context, client, item)
    case 'call':
      return foldCall(state, context, client, item)
    case 'account':
      return foldAccount(state, context, clients, item)
  }
}

/** Adds the event row with the item's outcome; a second copy in the same batch finds it. */
function store(state: State, item: WebhookItem, tenantId: Id | null, verdict: Verdict, { now }: FoldContext): void {
  const row = webhookEventOf(item, tenantId, verdict, now)
  state.known.set(item.eventId, row)
  state.webhookEvents.push(row)
}

/** Applies what this batch parked for a message that has now appeared, the oldest first. */
function applyParked(state: State, context: FoldContext, wamid: string): void {
  const rows = state.parked.filter(row => row.wamid === wamid)
  if (rows.length === 0) return
  state.parked = state.parked.filter(row => row.wamid !== wamid)
  for (const row of rows.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    const [item] = parseWebhook(row.payload, row.createdAt)
    if (item === undefined) continue
    const verdict = verdictOf(state, context, clientsOf(context, item), item)
    if (verdict.outcome === 'parked') continue
    const settled = {
      status: statusOf(verdict),
      reason: verdict.reason,
      ...(verdict.hidesPayload && { payload: ERASED_PAYLOAD }),
    }
    state.known.set(row._id, { _id: row._id, ...settled })
    const own = state.webhookEvents.find(event => event._id === row._id)
    if (own) Object.assign(own, settled)
  }
}

/** Changes to be written. */
export function planOf(state: State): Plan {
  const loadedIds = state.replaced
  return {
    webhookEvents: {
      inserts: state.webhookEvents.filter(row => !loadedIds.has(row._id)),
      replaced: state.webhookEvents.filter(row => loadedIds.has(row._id)),
    },
    contacts: changesOf([...state.contacts.values()]),
    conversations: changesOf([...state.conversations.values()]),
    messages: changesOf([...state.messages.values()]),
    leads: state.newLeads,
    templates: changesOf(state.templates).updates,
    templateUses: state.templateUses,
    clients: changesOf([...state.clients.values()]).updates,
    moves: state.moves,
    projected: state.projected,
    events: state.events,
    parked: state.parked,
    unparked: [...state.unparked],
    discarded: state.discarded,
  }
}

function changesOf<T extends { _id: Id; tenantId: Id }>(tracked: Tracked<T>[]): Changes<T> {
  const inserts: T[] = []
  const updates: Changes<T>['updates'] = []
  for (const { doc, isNew, set, entries } of tracked) {
    if (isNew) inserts.push(doc)
    else if (set !== null || entries.length > 0)
      updates.push({ _id: doc._id, tenantId: doc.tenantId, set: set ?? {}, ...(entries.length > 0 && { entries }) })
  }
  return { inserts, updates }
}
