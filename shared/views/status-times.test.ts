import { expect, test } from 'vitest'
import type { TimelineEntry } from '../model/documents.ts'
import { statusTimes, type Timed } from './status-times.ts'

const T0 = Date.parse('2026-11-21T08:00:00.000Z')
const at = (ms: number) => new Date(T0 + ms)
const report = (ms: number, status: string, own: Partial<TimelineEntry> = {}): TimelineEntry => ({
  kind: 'status',
  at: at(ms),
  status,
  ...own,
})
const accepted: TimelineEntry = { kind: 'attempt', at: at(60), outcome: 'accepted' }
const message = (fields: Partial<Timed>): Timed => ({
  status: 'SENT',
  statusUpdatedAt: at(60),
  createdAt: at(0),
  timeline: [],
  ...fields,
})
const NEVER = { sentAt: null, deliveredAt: null, readAt: null, failedAt: null }
const iso = (ms: number) => at(ms).toISOString()

test('the times come from the reports, in any order of arrival', () => {
  const timeline = [accepted, report(300, 'READ'), report(200, 'DELIVERED'), report(90, 'SENT')]
  const times = { queuedAt: iso(0), sentAt: iso(90), deliveredAt: iso(200), readAt: iso(300), failedAt: null }
  expect(statusTimes(message({ status: 'READ', statusUpdatedAt: at(300), timeline }))).toEqual(times)
})

test('an accepted call gives the time of sending when no report does', () => {
  const waiting = message({ status: 'QUEUED', timeline: [accepted] })
  expect(statusTimes(waiting)).toEqual({ ...NEVER, queuedAt: iso(0), sentAt: iso(60) })
})

test('a queued message has only its queuedAt', () => {
  expect(statusTimes(message({ status: 'QUEUED' }))).toEqual({ ...NEVER, queuedAt: iso(0) })
})

test('the row gives the time of a failure without a report and of a status missing in the timeline', () => {
  expect(statusTimes(message({ status: 'FAILED', statusUpdatedAt: at(700) })).failedAt).toBe(iso(700))
  expect(statusTimes(message({ status: 'DELIVERED', statusUpdatedAt: at(800) })).deliveredAt).toBe(iso(800))
})

test('reports about an earlier attempt are left out', () => {
  const timeline = [report(100, 'FAILED'), accepted, report(500, 'DELIVERED', { detail: 'of an earlier attempt' })]
  expect(statusTimes(message({ timeline, statusUpdatedAt: at(60) }))).toEqual({ ...NEVER, queuedAt: iso(0), sentAt: iso(60) })
})
