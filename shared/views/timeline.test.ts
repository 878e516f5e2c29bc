import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { MessageTimelineView } from '../contracts/timeline.ts'
import type { MessageDoc, TimelineEntry } from '../model/documents.ts'
import { timelineOf } from './timeline.ts'

const T0 = Date.parse('2026-11-21T08:00:00.000Z')
const at = (ms: number) => new Date(T0 + ms)

const message = (fields: Partial<MessageDoc>): MessageDoc =>
  ({
    _id: new Types.ObjectId(),
    tenantId: new Types.ObjectId(),
    conversationId: new Types.ObjectId(),
    clientId: new Types.ObjectId(),
    direction: 'OUTBOUND',
    type: 'text',
    content: { text: 'hello', media: null, template: null, data: null },
    status: 'SENT',
    statusUpdatedAt: at(0),
    timeline: [],
    wamid: null,
    error: null,
    cost: null,
    replyTo: null,
    reactions: [],
    sentBy: { kind: 'user', id: null, name: 'Nadia' },
    origin: 'dashboard',
    at: at(0),
    createdAt: at(0),
    sendAt: null,
    dispatch: null,
    ...fields,
  }) as unknown as MessageDoc

const accepted: TimelineEntry = { kind: 'accepted', at: at(0) }
const attempt = (ms: number, own: Partial<TimelineEntry>): TimelineEntry => ({
  kind: 'attempt',
  at: at(ms),
  latencyMs: 40,
  ...own,
})
const report = (ms: number, status: string, more: Partial<TimelineEntry> = {}): TimelineEntry => ({
  kind: 'status',
  at: at(ms),
  status,
  key: `${status}:${ms}`,
  ...more,
})
const steps = (doc: MessageDoc) =>
  timelineOf(doc, at(10_000)).steps.map(({ kind, afterMs, ms }) =>
    ms === null ? `${kind} ${afterMs}` : `${kind} ${afterMs}+${ms}`,
  )

test('a message without waits has the steps accepted, queued, one attempt and three reports', () => {
  const timeline = [accepted, attempt(60, { attempt: 1, outcome: 'accepted' }), report(300, 'READ'), report(200, 'DELIVERED')]
  const doc = message({ status: 'READ', timeline })
  expect(steps(doc)).toEqual(['accepted 0', 'queued 0+20', 'attempt 20+40', 'sent 60', 'delivered 200', 'read 300'])
  const view = timelineOf(doc, at(10_000))
  expect(MessageTimelineView.parse(view)).toEqual(view)
  expect(view.totals).toEqual({ attempts: 1, waitedMs: 0, waits: [], sentMs: 60, deliveredMs: 200, readMs: 300 })
  expect(view.steps[0]?.detail).toBe('by Nadia')
})

test('what Meta reports for the whole second stands behind the sending in that second', () => {
  const sending = [{ ...accepted, at: at(1169) }, attempt(1378, { attempt: 1, outcome: 'accepted' })]
  const doc = message({
    status: 'READ',
    createdAt: at(1169),
    timeline: [...sending, report(1000, 'READ'), report(1000, 'DELIVERED')],
  })
  const kinds = ['accepted', 'queued', 'attempt', 'sent', 'delivered', 'read']
  expect(timelineOf(doc, at(10_000)).steps.map(({ kind }) => kind)).toEqual(kinds)
})

test('a waiting message shows its ended waits and the open one', () => {
  const dispatch = {
    state: 'WAITING',
    attempt: 0,
    reason: 'pair',
    wait: { reason: 'pair', since: at(4000) },
    waits: [{ reason: 'rate', since: at(100), ms: 900, times: 3 }],
  } as MessageDoc['dispatch']
  const doc = message({ status: 'QUEUED', timeline: [accepted], dispatch })
  const { steps, totals } = timelineOf(doc, at(10_000))
  expect(steps.slice(1)).toMatchObject([
    { kind: 'queued', ms: 100, isOpen: false },
    { kind: 'waited', reason: 'rate', ms: 900, times: 3, isOpen: false },
    { kind: 'waited', reason: 'pair', ms: 6000, isOpen: true },
  ])
  expect(totals.waitedMs).toBe(6900)
})

test.for<[string, TimelineEntry, string]>([
  ['a status', report(900, 'SENT'), 'status'],
  ['a late answer', attempt(900, { attempt: 1, outcome: 'accepted' }), 'answer'],
  ["the organisation's setting", { kind: 'note', at: at(900), reason: 'policy', detail: 'never said' }, 'policy'],
])('an attempt without an answer is settled by %s', ([, entry, by]) => {
  const unknown = attempt(60, { attempt: 1, outcome: 'unknown' })
  const settled = timelineOf(message({ timeline: [accepted, unknown, entry] }), at(10_000)).steps.filter(
    one => one.kind === 'settled',
  )
  expect(settled).toMatchObject([{ attempt: 1, by, afterMs: 900 }])
})

test('a failed step has the whole error, from Meta or from the platform', () => {
  const error = { code: 131026, title: 'T', detail: 'D', sentence: 'S', nextStep: 'N', source: 'meta' as const }
  const reported = message({ status: 'FAILED', error, timeline: [accepted, report(500, 'FAILED', { code: 131026 })] })
  expect(timelineOf(reported, at(1000)).steps.at(-1)).toMatchObject({ kind: 'failed', code: 131026, error })
  const own = { ...error, code: null, source: 'platform' as const }
  const ours = message({ status: 'FAILED', error: own, statusUpdatedAt: at(700), timeline: [accepted] })
  expect(timelineOf(ours, at(1000)).steps.at(-1)).toMatchObject({ kind: 'failed', afterMs: 700, error: own })
})

test('an inbound message has the steps received and read', () => {
  const doc = message({ direction: 'INBOUND', status: 'READ', statusUpdatedAt: at(800), sentBy: null })
  expect(steps(doc)).toEqual(['received 0', 'read 800'])
  expect(timelineOf(doc, at(1000)).isTruncated).toBe(false)
})
