import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { MessageTraceView } from '../contracts/trace.ts'
import type { DispatchState } from '../domain/messages/dispatch.ts'
import type { MessageDoc, TimelineEntry } from '../model/documents.ts'
import { type TracedEvent, type TraceFacts, traceOf } from './trace.ts'

const T0 = Date.parse('2026-11-29T08:00:00.400Z')
const at = (ms: number) => new Date(T0 + ms)
const second = at(-400)

const message = (fields: Partial<MessageDoc>): MessageDoc =>
  ({
    _id: new Types.ObjectId('6929aaaaaaaaaaaaaaaaaaaa'),
    direction: 'OUTBOUND',
    status: 'SENT',
    timeline: [],
    wamid: 'wamid.1',
    sentBy: null,
    createdAt: at(0),
    ...fields,
  }) as unknown as MessageDoc

const event = (_id: string, fields: Partial<TracedEvent> = {}): TracedEvent => ({ _id, at: at(0), emittedBy: null, ...fields })
const facts = (more: Partial<TraceFacts> = {}): TraceFacts => ({ names: [], webhooks: [], events: [], ...more })
const shown = (doc: MessageDoc, known: TraceFacts) => {
  const view = traceOf(doc, known, at(10_000))
  expect(MessageTraceView.parse(view)).toEqual(view)
  return view.hops.map(({ hop, about, attempt, afterMs }) => [hop, about ?? attempt, afterMs])
}

test('[8] an inbound message is received, published, recorded, numbered and emitted', () => {
  const doc = message({ direction: 'INBOUND', createdAt: at(30), hops: { receivedAt: at(0), publishedAt: second } })
  const known = facts({
    names: [{ id: 'm:1', about: null }],
    webhooks: [{ _id: 'm:1', receivedAt: at(0), processedAt: at(31), status: 'PROCESSED' }],
    events: [event('r:m:1', { seq: 7, numberedAt: at(40), emittedBy: at(41) })],
  })
  expect(shown(doc, known)).toEqual([
    ['received', null, 0],
    ['published', null, 0],
    ['recorded', null, 30],
    ['numbered', null, 40],
    ['emitted', null, 41],
  ])
})

test('[8] an outbound message is accepted, and enqueued, taken, posted and answered in each attempt; then it is reported', () => {
  const attempt = (n: number, ms: number, outcome: TimelineEntry['outcome']): TimelineEntry => ({
    kind: 'attempt',
    at: at(ms),
    attempt: n,
    ...(outcome && { outcome }),
    latencyMs: 20,
    enqueuedAt: n === 1 ? second : at(ms - 100),
    takenAt: at(ms - 50),
  })
  const report: TimelineEntry = { kind: 'status', at: at(2600), status: 'DELIVERED', receivedAt: at(2700) }
  const doc = message({ timeline: [attempt(1, 100, 'refused'), attempt(2, 1100, 'accepted'), report] })
  const known = facts({
    names: [{ id: 's:1', about: 'DELIVERED' }],
    webhooks: [{ _id: 's:1', receivedAt: at(2700), processedAt: at(2710), status: 'PROCESSED' }],
    events: [
      event('d:6929aaaaaaaaaaaaaaaaaaaa:sent:1', { seq: 8, numberedAt: at(1105), emittedBy: at(1106) }),
      event('r:s:1', { seq: 9, numberedAt: at(2720), emittedBy: at(2721) }),
    ],
  })
  expect(shown(doc, known)).toEqual([
    ['accepted', null, 0],
    ['enqueued', 1, 0],
    ['taken', 1, 50],
    ['posted', 1, 80],
    ['answered', 1, 100],
    ['enqueued', 2, 1000],
    ['taken', 2, 1050],
    ['posted', 2, 1080],
    ['answered', 2, 1100],
    ['numbered', 'sent', 1105],
    ['emitted', 'sent', 1106],
    ['status', 'DELIVERED', 2600],
    ['received', 'DELIVERED', 2700],
    ['recorded', 'DELIVERED', 2710],
    ['numbered', 'DELIVERED', 2720],
    ['emitted', 'DELIVERED', 2721],
  ])
})

test('[8] a hop that did not happen is not shown, and what is to come is pending', () => {
  const unsent: TimelineEntry = { kind: 'attempt', at: at(100), attempt: 1, outcome: 'unsent', latencyMs: 5 }
  const known = facts({ events: [event('d:1:sent:1'), event('d:1:failed:2', { seq: 3, numberedAt: at(120) })] })
  const view = traceOf(message({ timeline: [unsent] }), known, at(1000))
  expect(view.hops.map(({ hop, by }) => [hop, by])).toEqual([
    ['accepted', 'gateway'],
    ['answered', 'sender'],
    ['numbered', 'mongodb'],
  ])
  expect(view.pending).toEqual([
    { hop: 'numbered', about: 'sent' },
    { hop: 'emitted', about: 'sent' },
    { hop: 'emitted', about: 'failed' },
  ])
})

test.for<[DispatchState, string[]]>([
  ['WAITING', ['enqueued', 'taken', 'posted', 'answered']],
  ['READY', ['taken', 'posted', 'answered']],
  ['TAKEN', ['answered']],
  ['UNKNOWN', []],
])('[8] of a message that is %s these hops of its attempt are still to come: %j', ([state, names]) => {
  const doc = message({ dispatch: { state } as MessageDoc['dispatch'] })
  expect(traceOf(doc, facts(), at(1000)).pending).toEqual(names.map(hop => ({ hop, about: null })))
})

test.for<[number, string[]]>([
  [1, []],
  [25, ['events']],
  [24 * 31, ['events', 'webhooks']],
])('[8] after %d hours the trace says what is not kept any more: %j', ([hours, expired]) => {
  expect(traceOf(message({}), facts(), at(hours * 3_600_000)).expired).toEqual(expired)
})

test('[8] a row from before hops were kept shows what it has', () => {
  expect(shown(message({ direction: 'INBOUND' }), facts())).toEqual([['recorded', null, 0]])
})
