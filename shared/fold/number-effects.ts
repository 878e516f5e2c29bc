import type { WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, LastEventAt, NumberNotice } from '../model/documents.ts'
import { eventIds, numberStatus } from '../views/events.ts'
import type { FoldContext } from './context.ts'
import { change, type State, type Tracked, track } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

const MAX_NOTICES = 20

/** Effect of a Meta event on a number. */
export interface Effect {
  /** Topic of the event; the newest event of a topic counts, in any order of arrival. */
  topic: string
  /** Changed fields, derived from the present ones; null when the event does not concern this number. */
  set?: (client: ClientDoc) => Partial<ClientDoc> | null
  /** Reason in the `client:status` event, in place of the number's own. */
  reason?: string
  /** Notice for people; `clear` removes the one of its type. */
  notice?: Pick<NumberNotice, 'type' | 'severity' | 'text'> | { type: string; clear: true }
}

/** Webhook event that causes an effect, and its time. */
type EventSource = Pick<WebhookItem, 'eventId' | 'at'>

export const isNewer = (doc: { lastEventAt?: LastEventAt }, topic: string, at: Date): boolean =>
  (doc.lastEventAt?.[topic]?.getTime() ?? 0) <= at.getTime()

export const withEventTimes = (doc: { lastEventAt?: LastEventAt }, topics: string[], at: Date): LastEventAt => ({
  ...doc.lastEventAt,
  ...Object.fromEntries(topics.map(topic => [topic, at])),
})

/** Applies the effects that are newer to each number, and emits one event for each number that changes. */
export function applyEffects(
  state: State,
  context: FoldContext,
  clients: ClientDoc[],
  item: EventSource,
  effects: Effect[],
): Verdict {
  if (clients.length === 0) return ignored('unknown phone number')
  if (effects.length === 0) return ignored('event without effect')
  const isTaken = clients.map(client => applyTo(state, context, trackClient(state, client), item, effects))
  return isTaken.includes(true) ? PROCESSED : ignored('a newer event was already applied')
}

function applyTo(state: State, { now }: FoldContext, client: Tracked<ClientDoc>, item: EventSource, effects: Effect[]): boolean {
  const { doc } = client
  const fresh = effects.filter(({ topic }) => isNewer(doc, topic, item.at))
  if (fresh.length === 0) return false
  const fields: Partial<ClientDoc> = {}
  for (const { set, notice } of fresh) {
    Object.assign(fields, set?.({ ...doc, ...fields }))
    if (notice) fields.notices = withNotice(fields.notices ?? doc.notices ?? [], notice, item.at)
  }
  if (fields.status === 'active' && doc.status === 'paused') fields.resumedAt = item.at
  const isShown = differs(doc, fields)
  const topics = fresh.map(({ topic }) => topic)
  change(client, { ...fields, lastEventAt: withEventTimes(doc, topics, item.at) })
  const reason = fresh.find(effect => effect.reason)?.reason
  if (isShown) state.events.push(numberStatus(eventIds.webhook(item.eventId, doc._id), doc, now, { reason }))
  return true
}

function withNotice(present: NumberNotice[], notice: NonNullable<Effect['notice']>, at: Date): NumberNotice[] {
  const others = present.filter(({ type }) => type !== notice.type)
  const all = 'clear' in notice ? others : [{ ...notice, at }, ...others]
  return all.toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(0, MAX_NOTICES)
}

function differs(doc: ClientDoc, fields: Partial<ClientDoc>): boolean {
  const shown = (value: unknown) => JSON.stringify(value ?? null)
  return Object.entries(fields).some(([name, value]) => shown(value) !== shown(doc[name as keyof ClientDoc]))
}

/** Tracked copy of a number, which collects the changes of this batch. */
export function trackClient(state: State, client: ClientDoc): Tracked<ClientDoc> {
  const id = String(client._id)
  const tracked = state.clients.get(id) ?? track({ ...client }, false)
  state.clients.set(id, tracked)
  return tracked
}
