import { expect } from 'vitest'
import { MAX_TIMELINE } from '#shared/domain/messages/waits.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { postponeMessages, sendJobFor } from '#shared/store/dispatch/take.ts'
import { timelineOf } from '#shared/views/timeline.ts'
import { test } from '#test/support/world.ts'
import { accept, openSenderWorld, refuse, startMeta } from '#test/support/worlds/sender.ts'

const kindsOf = (row: MessageDoc) =>
  timelineOf(row, new Date()).steps.map(({ kind, reason }) => (reason ? `${kind} ${reason}` : kind))

test('each wait is shown with its reason and duration, between the attempts where it happened', async ({ world }) => {
  await using meta = await startMeta(refuse(131000, 500))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const { _id, tenantId } = w.client
  await w.store.raw.clients.updateOne({ _id, tenantId }, { $set: { status: 'paused' } })
  const message = await w.sendOne()
  const held = await w.until(message, m => m.dispatch?.reason === 'paused')
  expect(timelineOf(held, new Date()).steps.at(-1)).toMatchObject({ kind: 'waited', reason: 'paused', isOpen: true })
  const resumedAt = Date.now()
  await w.store.raw.clients.updateOne({ _id, tenantId }, { $set: { status: 'active' } })
  await w.until(message, m => m.dispatch?.reason === 'retry')
  meta.answer = accept
  const row = await w.until(message, m => m.status === 'SENT')
  expect(kindsOf(row)).toEqual(['accepted', 'queued', 'waited paused', 'attempt', 'waited retry', 'attempt', 'sent'])
  const { steps, totals } = timelineOf(row, new Date())
  const [paused, retried] = steps.filter(({ kind }) => kind === 'waited')
  expect(paused?.ms).toBeGreaterThanOrEqual(resumedAt - Date.parse(paused?.at ?? '') - 5)
  expect(retried?.ms).toBeGreaterThanOrEqual(750)
  const attempts = steps.filter(({ kind }) => kind === 'attempt')
  expect(attempts).toMatchObject([
    { attempt: 1, outcome: 'refused', httpStatus: 500, code: 131000, ms: expect.any(Number) },
    { attempt: 2, outcome: 'accepted', httpStatus: 200 },
  ])
  expect(totals).toMatchObject({ attempts: 2, waitedMs: (paused?.ms ?? 0) + (retried?.ms ?? 0), sentMs: expect.any(Number) })
})

test('a message that is put off hundreds of times keeps one row for each reason', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const message = w.messageIn(await w.addConversation())
  await w.insert([message])
  const reasons = ['rate', 'rate', 'pair', 'predecessor', 'quota'] as const
  const start = Date.now()
  for (let i = 0; i < 300; i++) {
    const now = new Date(start + i * 10)
    const reason = reasons[i % reasons.length] as (typeof reasons)[number]
    await postponeMessages(w.store, [{ job: sendJobFor(message), reason, nextStepAt: now }], now)
  }
  const waiting = await w.get(message)
  expect(waiting.timeline).toHaveLength(1)
  expect(waiting.dispatch?.waits?.length).toBeLessThanOrEqual(4)
  await using _sender = await w.startSender()
  const row = await w.until(message, m => m.status === 'SENT')
  const waited = row.timeline.filter(({ kind }) => kind === 'waited')
  const waits = waited.map(({ reason, times = 1 }) => [reason, times])
  // The last wait is open till the attempt: its own reason once more.
  expect(waits).toEqual([
    ['rate', 60],
    ['pair', 60],
    ['predecessor', 60],
    ['quota', 60],
  ])
  expect(waited.find(({ reason }) => reason === 'rate')?.ms).toBe(1200)
  expect(waited.find(({ reason }) => reason === 'pair')?.ms).toBe(600)
})

test('a timeline keeps its latest steps and says that older ones are gone', async ({ world }) => {
  await using meta = await startMeta(refuse(131026))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const notes = Array.from({ length: MAX_TIMELINE + 20 }, () => ({ kind: 'note' as const, at: new Date(), detail: 'again' }))
  const row = await w.until(await w.sendOne({ timeline: notes }), m => m.status === 'FAILED')
  expect(row.timeline).toHaveLength(MAX_TIMELINE)
  const { isTruncated, steps } = timelineOf(row, new Date())
  expect(isTruncated).toBe(true)
  expect(steps.at(-1)).toMatchObject({
    kind: 'failed',
    code: 131026,
    error: { code: 131026, detail: 'in detail', sentence: expect.stringMatching(/./), nextStep: expect.stringMatching(/./) },
  })
})

test('an attempt without an answer is settled by somebody, and the timeline says by whom', async ({ world }) => {
  await using meta = await startMeta((_post, _response, request) => request.socket.resetAndDestroy())
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender({ unknownDeadlineMs: 300 })
  const row = await w.until(await w.sendOne(), m => m.status === 'FAILED')
  expect(kindsOf(row)).toEqual(['accepted', 'queued', 'attempt', 'waited unknown', 'settled', 'note', 'failed'])
  const { steps } = timelineOf(row, new Date())
  expect(steps.find(({ kind }) => kind === 'settled')).toMatchObject({ attempt: 1, by: 'policy' })
  expect(steps.at(-1)?.error).toMatchObject({ source: 'platform', title: 'Outcome unknown' })
})
