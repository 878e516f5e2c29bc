import type { MessageTimelineView, TimelineStepView } from '../contracts/timeline.ts'
import { errorDoc } from '../domain/messages/send-errors.ts'
import { MAX_TIMELINE } from '../domain/messages/waits.ts'
import type { MessageDoc, TimelineEntry } from '../model/documents.ts'
import { errorView, messageView } from './views.ts'
import { waitEntries } from './wait-entries.ts'

/** The timeline of a message as steps with durations. @param now end of the waits that are still open */
export function timelineOf(doc: MessageDoc, now: Date): MessageTimelineView {
  const entries = entriesOf(doc, now)
  const isOut = doc.direction === 'OUTBOUND'
  const steps = isOut ? withEnd(doc, withQueue(doc, entries.flatMap(stepsOf(doc, entries)), now)) : receivedSteps(doc, entries)
  return {
    message: messageView(doc),
    steps: inOrder(steps),
    totals: totalsOf(doc, steps, entries),
    isTruncated: doc.timeline.length >= MAX_TIMELINE && doc.timeline[0]?.kind !== 'accepted',
  }
}

const SENDING: ReadonlySet<string> = new Set(['accepted', 'queued', 'attempt', 'sent'])
/** What Meta reports, in its order. */
const REPORTED = ['sent', 'delivered', 'read', 'failed']

/**
 * Steps by their time. Meta's reports name whole seconds, the beginning of the one in which something happened: a report stands behind
 * what was done in the same second to send the message.
 */
function inOrder(steps: readonly TimelineStepView[]): TimelineStepView[] {
  const second = (at: string) => at.slice(0, 19)
  const placeOf = ({ kind, at }: TimelineStepView): string => {
    if (!REPORTED.includes(kind) || !at.endsWith('.000Z')) return at
    const before = steps.filter(other => SENDING.has(other.kind) && second(other.at) === second(at)).map(other => other.at)
    return [at, ...before].toSorted().at(-1) as string
  }
  return steps
    .map(one => ({ one, place: placeOf(one), rank: REPORTED.indexOf(one.kind) }))
    .sort((a, b) => a.place.localeCompare(b.place) || a.rank - b.rank)
    .map(({ one }) => one)
}

type Shown = TimelineEntry & { isOpen?: boolean }

/** The stored entries and the waits since the last attempt, sorted by their own time: reports arrive in any order. */
function entriesOf({ timeline, dispatch }: MessageDoc, now: Date): Shown[] {
  const isWaiting = dispatch?.state === 'WAITING' || dispatch?.state === 'UNKNOWN'
  const open = waitEntries(dispatch, now).map(entry => ({
    ...entry,
    isOpen: isWaiting && entry.reason === dispatch?.wait?.reason,
  }))
  return [...timeline, ...open].toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

const step = (
  doc: MessageDoc,
  kind: TimelineStepView['kind'],
  when: Date,
  own: Partial<TimelineStepView> = {},
): TimelineStepView => ({
  kind,
  at: when.toISOString(),
  afterMs: Math.max(0, when.getTime() - doc.createdAt.getTime()),
  ms: null,
  reason: null,
  times: null,
  isOpen: false,
  attempt: null,
  outcome: null,
  httpStatus: null,
  code: null,
  traceId: null,
  by: null,
  error: null,
  detail: null,
  ...own,
})

const REPORTS: Record<string, TimelineStepView['kind']> = {
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  PLAYED: 'read',
  FAILED: 'failed',
}

const stepsOf = (doc: MessageDoc, entries: readonly Shown[]) => {
  let unknown: number | null = null
  /** The step that settles an attempt of unknown outcome, made of the first report or answer that follows it. */
  const settled = (entry: Shown, by: TimelineStepView['by']): TimelineStepView[] => {
    if (unknown === null) return []
    const attempt = unknown
    unknown = null
    return [step(doc, 'settled', entry.at, { attempt, by })]
  }
  return (entry: Shown): TimelineStepView[] => {
    switch (entry.kind) {
      case 'accepted':
        return [step(doc, 'accepted', entry.at, { detail: doc.sentBy?.name ? `by ${doc.sentBy.name}` : null })]
      case 'waited': {
        const { reason = null, ms = null, times = 1, isOpen = false } = entry
        return [step(doc, 'waited', entry.at, { reason, ms, times, isOpen })]
      }
      case 'attempt': {
        const before = unknown === entry.attempt ? settled(entry, 'answer') : []
        if (entry.outcome === 'unknown') unknown = entry.attempt ?? null
        return [...before, attemptStep(doc, entry)]
      }
      case 'status':
        return [...(entry.detail ? [] : settled(entry, 'status')), reportStep(doc, entry, entries)]
      case 'note': {
        const before = entry.reason === 'policy' ? settled(entry, 'policy') : []
        if (entry.outcome === 'unknown') unknown = entry.attempt ?? null
        const { attempt = null, outcome = null, detail = null } = entry
        return [...before, step(doc, entry.reason === 'fallback' ? 'fallback' : 'note', entry.at, { attempt, outcome, detail })]
      }
    }
  }
}

/** The step of one call: `at` is its start, `ms` the time until its answer. */
function attemptStep(doc: MessageDoc, entry: Shown): TimelineStepView {
  const {
    attempt = null,
    outcome = null,
    httpStatus = null,
    code = null,
    traceId = null,
    detail = null,
    latencyMs = null,
  } = entry
  const startedAt = new Date(entry.at.getTime() - (latencyMs ?? 0))
  return step(doc, 'attempt', startedAt, { attempt, outcome, httpStatus, code, traceId, detail, ms: latencyMs })
}

function reportStep(doc: MessageDoc, entry: Shown, entries: readonly Shown[]): TimelineStepView {
  const kind = REPORTS[entry.status ?? ''] ?? 'note'
  const { code = null, detail = null } = entry
  if (kind !== 'failed') return step(doc, kind, entry.at, { detail: detail ?? (kind === 'note' ? (entry.status ?? null) : null) })
  const isLast = entries.findLast(({ status }) => status === 'FAILED') === entry
  const error = isLast && doc.error?.source === 'meta' && doc.error.code === code ? doc.error : errorDoc({ code })
  return step(doc, 'failed', entry.at, { code, detail, error: errorView(error) })
}

/** Adds the step `queued`, from the acceptance to the first following step: earlier messages were sent in that time. */
function withQueue(doc: MessageDoc, steps: TimelineStepView[], now: Date): TimelineStepView[] {
  const accepted = steps.find(({ kind }) => kind === 'accepted')
  if (accepted === undefined) return steps
  const rest = steps.filter(one => one !== accepted)
  const first = rest.map(one => one.at).toSorted()[0]
  const isOpen = first === undefined && doc.dispatch !== null
  const end = first ?? (isOpen ? now.toISOString() : accepted.at)
  const ms = Math.max(0, Date.parse(end) - Date.parse(accepted.at))
  return [accepted, step(doc, 'queued', new Date(accepted.at), { ms, isOpen }), ...rest]
}

/** Adds the steps that no report gives: SENT by the answer to a call, and a failure that the platform decided. */
function withEnd(doc: MessageDoc, steps: TimelineStepView[]): TimelineStepView[] {
  const has = (kind: string) => steps.some(one => one.kind === kind)
  const answer = doc.timeline.findLast(({ outcome }) => outcome === 'accepted')
  const sent = answer && !has('sent') ? [step(doc, 'sent', answer.at)] : []
  const isOwn = doc.status === 'FAILED' && !steps.some(({ kind, error }) => kind === 'failed' && error?.code === doc.error?.code)
  const failed = isOwn
    ? [step(doc, 'failed', doc.statusUpdatedAt, { code: doc.error?.code ?? null, error: errorView(doc.error) })]
    : []
  return [...steps, ...sent, ...failed]
}

function receivedSteps(doc: MessageDoc, entries: Shown[]): TimelineStepView[] {
  const steps = entries.flatMap(stepsOf(doc, entries))
  const read = doc.status === 'READ' && !steps.some(({ kind }) => kind === 'read') ? [step(doc, 'read', doc.statusUpdatedAt)] : []
  return [step(doc, 'received', doc.at), ...steps, ...read]
}

function totalsOf(doc: MessageDoc, steps: TimelineStepView[], entries: Shown[]): MessageTimelineView['totals'] {
  const waits = new Map<string, number>()
  for (const { kind, reason, ms } of steps)
    if (kind === 'waited' && reason !== null) waits.set(reason, (waits.get(reason) ?? 0) + (ms ?? 0))
  const dueMs = Math.max(doc.createdAt.getTime(), doc.sendAt?.getTime() ?? 0)
  const since = (kind: string) => {
    const last = steps.findLast(one => one.kind === kind)
    return last ? Math.max(0, Date.parse(last.at) - dueMs) : null
  }
  return {
    attempts: Math.max(0, doc.dispatch?.attempt ?? 0, ...entries.map(({ attempt }) => attempt ?? 0)),
    waitedMs: [...waits.values()].reduce((sum, ms) => sum + ms, 0),
    waits: [...waits].map(([reason, ms]) => ({ reason, ms })),
    sentMs: since('sent'),
    deliveredMs: since('delivered'),
    readMs: since('read'),
  }
}
