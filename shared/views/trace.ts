import { HOPS, type Hop, type HopView, type MessageTraceView } from '../contracts/trace.ts'
import type { DispatchState } from '../domain/messages/dispatch.ts'
import type { EventDoc, MessageDoc, TimelineEntry, WebhookEventDoc } from '../model/documents.ts'

/** An event about a message, and when it and those before it had been emitted; null: not noted yet. */
export type TracedEvent = Pick<EventDoc, '_id' | 'at' | 'seq' | 'numberedAt' | 'emittedAt'> & { emittedBy: Date | null }

/** A webhook that may be about a message: its id is computed, so that most name no stored row. */
export interface Named {
  /** Id of the row in `webhookEvents`. */
  id: string
  /** Report that it brought; null: the message itself. */
  about: string | null
}

/** What is stored about a message beside its own row. */
export interface TraceFacts {
  names: Named[]
  webhooks: Pick<WebhookEventDoc, '_id' | 'receivedAt' | 'processedAt' | 'status'>[]
  events: TracedEvent[]
}

const DAY_MS = 86_400_000
const KEPT = { events: DAY_MS, webhooks: 30 * DAY_MS }
const SECOND = 1000

interface Passed extends Omit<HopView, 'at' | 'afterMs'> {
  at: Date
}

/** The way of a message through the platform, hop by hop, as far as its times are still stored. */
export function traceOf(message: MessageDoc, facts: TraceFacts, now: Date): MessageTraceView {
  const own = message.direction === 'INBOUND' || message.hops ? hopsInOf(message) : hopsOutOf(message)
  const named = new Map(facts.names.map(({ id, about }) => [id, about]))
  const reports = message.timeline.filter(({ kind }) => kind === 'status').flatMap(hopsOfReport)
  const recorded = facts.webhooks.flatMap(webhook => hopsOfWebhook(webhook, named.get(webhook._id) ?? null))
  const events = facts.events.map(event => ({ event, about: aboutEvent(event, named) }))
  const passed = [...own, ...reports, ...recorded, ...events.flatMap(hopsOfEvent)].toSorted(inOrder)
  const startedAt = passed[0]?.at.getTime() ?? 0
  const age = now.getTime() - message.createdAt.getTime()
  return {
    messageId: String(message._id),
    externalMessageId: message.wamid ?? null,
    direction: message.direction,
    status: message.status,
    hops: passed.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString(), afterMs: at.getTime() - startedAt })),
    pending: [...attemptToCome(message), ...events.flatMap(pendingOf)],
    expired: (['events', 'webhooks'] as const).filter(what => age > KEPT[what]),
  }
}

const hop = (name: Hop, at: Date, by: HopView['by'], more: Partial<Passed> = {}): Passed => ({
  hop: name,
  at,
  by,
  precisionMs: 1,
  about: null,
  attempt: null,
  detail: null,
  ...more,
})

/** A time that is told in whole seconds is not before what it follows. */
const notBefore = (at: Date, earlier: Date) => (at < earlier ? earlier : at)

function hopsInOf({ hops, createdAt }: MessageDoc): Passed[] {
  const recorded = hop('recorded', createdAt, 'ingest')
  if (!hops) return [recorded]
  const { receivedAt, publishedAt } = hops
  const published = publishedAt && notBefore(publishedAt, receivedAt)
  return [
    hop('received', receivedAt, 'ingest'),
    ...(published ? [hop('published', published, 'rabbitmq', { precisionMs: SECOND })] : []),
    recorded,
  ]
}

function hopsOutOf({ createdAt, timeline, sentBy }: MessageDoc): Passed[] {
  const accepted = hop('accepted', createdAt, 'gateway', { detail: sentBy?.name ? `by ${sentBy.name}` : null })
  return [accepted, ...timeline.filter(({ kind }) => kind === 'attempt').flatMap(entry => hopsOfAttempt(entry, createdAt))]
}

function hopsOfAttempt(entry: TimelineEntry, createdAt: Date): Passed[] {
  const { at, latencyMs = 0, enqueuedAt, takenAt, attempt = null, outcome = null, httpStatus } = entry
  const detail = [outcome, httpStatus && `HTTP ${httpStatus}`].filter(Boolean).join(', ')
  return [
    ...(enqueuedAt ? [hop('enqueued', notBefore(enqueuedAt, createdAt), 'rabbitmq', { attempt, precisionMs: SECOND })] : []),
    ...(takenAt ? [hop('taken', takenAt, 'sender', { attempt })] : []),
    ...(outcome === 'unsent' ? [] : [hop('posted', new Date(at.getTime() - latencyMs), 'sender', { attempt })]),
    hop('answered', at, outcome === 'unknown' || outcome === 'unsent' ? 'sender' : 'meta', { attempt, detail }),
  ]
}

/** Hops of the attempt that a message waits for or is in; none while nobody knows how the last one ended. */
function attemptToCome({ dispatch }: MessageDoc): MessageTraceView['pending'] {
  const names = dispatch ? TO_COME[dispatch.state] : []
  return names.map(one => ({ hop: one, about: null }))
}

/** The job of a message that is ready lies in its queue; when it came there its attempt will say. */
const TO_COME: Record<DispatchState, readonly Hop[]> = {
  WAITING: ['enqueued', 'taken', 'posted', 'answered'],
  READY: ['taken', 'posted', 'answered'],
  TAKEN: ['answered'],
  UNKNOWN: [],
}

function hopsOfReport({ at, status, receivedAt, code, detail }: TimelineEntry): Passed[] {
  const about = status ?? null
  const said = code === undefined ? (detail ?? null) : `code ${code}`
  const stated = hop('status', at, 'meta', { about, precisionMs: SECOND, detail: said })
  return receivedAt ? [stated, hop('received', receivedAt, 'ingest', { about })] : [stated]
}

/** The message's own row says when the message was received and recorded; its reports have no rows of their own. */
const hopsOfWebhook = ({ processedAt, status }: TraceFacts['webhooks'][number], about: string | null): Passed[] =>
  about !== null && processedAt ? [hop('recorded', processedAt, 'ingest', { about, detail: status.toLowerCase() })] : []

/** `r:<webhook>` is of a webhook, `d:<message>:<step>:<time>` of the outcome of an attempt. */
function aboutEvent({ _id }: TracedEvent, named: ReadonlyMap<string, string | null>): string | null {
  if (_id.startsWith('r:')) return named.get(_id.slice(2)) ?? null
  return _id.split(':')[2] ?? null
}

function hopsOfEvent({ event, about }: { event: TracedEvent; about: string | null }): Passed[] {
  const { numberedAt, emittedBy, seq } = event
  const numbered = numberedAt ? [hop('numbered', numberedAt, 'mongodb', { about, detail: `seq ${seq}` })] : []
  return emittedBy ? [...numbered, hop('emitted', emittedBy, 'realtime', { about, precisionMs: SECOND })] : numbered
}

function pendingOf({ event: { seq, emittedBy }, about }: { event: TracedEvent; about: string | null }) {
  if (seq == null) return (['numbered', 'emitted'] as const).map(one => ({ hop: one, about }))
  return emittedBy ? [] : [{ hop: 'emitted' as const, about }]
}

const inOrder = (one: Passed, other: Passed) =>
  one.at.getTime() - other.at.getTime() || HOPS.indexOf(one.hop) - HOPS.indexOf(other.hop)
