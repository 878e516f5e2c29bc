import type { WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, LastEventAt, NumberNotice } from '../model/documents.ts'
import { eventIds, numberStatus } from '../views/events.ts'
import type { FoldContext } from './context.ts'
import { change, type State, type Tracked, track } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

const MAX_NOTICES = 20

/** What a word of Meta does to a number. */
export interface Effect {
  /** Of two words about the same topic the newer counts, in whatever order they come. */
  topic: string
  /** Fields, as they follow from what stands; null when the word does not concern this number. */
  set?: (client: ClientDoc) => Partial<ClientDoc> | null
  /** EventSource instead of the reason of a pause. */
  reason?: string
  /** What people should know; `clear` takes the one of that type away. */
  notice?: Pick<NumberNotice, 'type' | 'severity' | 'text'> | { type: string; clear: true }
}

/** What told it, and when. */
type EventSource = Pick<WebhookItem, 'eventId' | 'at'>

export const isNewer = (doc: { lastEventAt?: LastEventAt }, topic: string, at: Date): boolean =>
  (doc.lastEventAt?.[topic]?.getTime() ?? 0) <= at.getTime()

export const withEventTimes = (doc: { lastEventAt?: LastEventAt }, topics: string[], at: Date): LastEventAt => ({
  ...doc.lastEventAt,
  ...Object.fromEntries(topics.map(topic => [topic, at])),
})

/** Applies what is news to each of the numbers, and tells once of each that shows a difference. */
export function applyEffects(
  state: State,
  context: FoldContext,
  clients: ClientDoc[],
  item: EventSource,
  effects: Effect[],
): Verdict {
  if (clients.length === 0) return ignored('no number of ours')
  if (effects.length === 0) return ignored('nothing of effect here')
  const isTaken = clients.map(client => applyTo(state, context, inHand(state, client), item, effects))
  return isTaken.includes(true) ? PROCESSED : ignored('a newer word stands')
}

function applyTo(state: State, { now }: FoldContext, client: Tracked<ClientDoc>, item: EventSource, effects: Effect[]): boolean {
  const { doc } = client
  const fresh = effects.filter(({ topic }) => isNewer(doc, topic, item.at))
  if (fresh.length === 0) return false
  const fields: Partial<ClientDoc> = {}
  for (const { set, notice } of fresh) {
    Object.assign(fields, set?.({ ...doc, ...fields }))
    if (notice) fields.notices = noticed(fields.notices ?? doc.notices ?? [], notice, item.at)
  }
  if (fields.status === 'active' && doc.status === 'paused') fields.resumedAt = item.at
  const isShown = differs(doc, fields)
  const topics = fresh.map(({ topic }) => topic)
  change(client, { ...fields, lastEventAt: withEventTimes(doc, topics, item.at) })
  const reason = fresh.find(effect => effect.reason)?.reason
  if (isShown) state.events.push(numberStatus(eventIds.webhook(item.eventId, doc._id), doc, now, { reason }))
  return true
}

function noticed(present: NumberNotice[], notice: NonNullable<Effect['notice']>, at: Date): NumberNotice[] {
  const others = present.filter(({ type }) => type !== notice.type)
  const all = 'clear' in notice ? others : [{ ...notice, at }, ...others]
  return all.toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(0, MAX_NOTICES)
}

function differs(doc: ClientDoc, fields: Partial<ClientDoc>): boolean {
  const shown = (value: unknown) => JSON.stringify(value ?? null)
  return Object.entries(fields).some(([name, value]) => shown(value) !== shown(doc[name as keyof ClientDoc]))
}

/** The number as this batch changes it. */
export function inHand(state: State, client: ClientDoc): Tracked<ClientDoc> {
  const id = String(client._id)
  const tracked = state.clients.get(id) ?? track({ ...client }, false)
  state.clients.set(id, tracked)
  return tracked
}
