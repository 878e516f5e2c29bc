import { describe, expect, test } from 'vitest'
import type { SendResult } from '#shared/meta/client.ts'
import type { MessageDoc, TimelineEntry } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { bodyFor } from './request-body.ts'
import { decide, failedWithoutCall, returned } from './settle.ts'

const at = new Date('2026-03-01T10:00:00Z')
const options = { at, unknownDeadlineMs: 300_000, random: () => 0.5 }
const measured = { httpStatus: 200, latencyMs: 12, traceId: null }

function message(changes: Partial<MessageDoc> = {}): MessageDoc {
  const dispatch = { state: 'TAKEN', priority: 'chat', attempt: 2, token: 't', owner: 'o' }
  const ids = { _id: toId('65a000000000000000000001'), contactKey: '212600111222', contactKeyKind: 'waId' }
  return { ...ids, timeline: [], payload: { type: 'text', text: { body: 'x' } }, dispatch, ...changes } as unknown as MessageDoc
}
const refused = (code: number, more: object = {}): SendResult => ({
  kind: 'refused',
  error: { code, detail: 'why', httpStatus: 400 },
  retryAfterMs: 0,
  ...measured,
  httpStatus: 400,
  traceId: 'T1',
  ...more,
})
const attempts = (count: number, entry: Partial<TimelineEntry>): TimelineEntry[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'attempt' as const, at, attempt: i + 1, ...entry }))
const inMs = (date: Date | null) => (date?.getTime() ?? 0) - at.getTime()

test('an accepted call ends in SENT with its wamid', () => {
  const result: SendResult = { kind: 'accepted', wamid: 'w', waId: null, userId: null, messageStatus: 'accepted', ...measured }
  expect(decide(message(), result, options)).toMatchObject({
    refusal: null,
    settlement: {
      step: { kind: 'sent', wamid: 'w', note: null },
      entry: { kind: 'attempt', attempt: 2, outcome: 'accepted', httpStatus: 200, latencyMs: 12 },
    },
  })
})

test.for<[{ waId: string | null; userId: string | null }, object | undefined]>([
  [{ waId: null, userId: null }, undefined],
  [{ waId: '212600111222', userId: null }, undefined],
  [{ waId: '212611222333', userId: null }, { waId: '212611222333' }],
  [{ waId: '212600111222', userId: 'MA.1' }, { userId: 'MA.1' }],
  [{ waId: 'MA.1', userId: null }, undefined],
])('the answer %j stores the recipient identity %j', ([keys, named]) => {
  const result: SendResult = { kind: 'accepted', wamid: 'w', ...keys, messageStatus: null, ...measured }
  const { step } = decide(message(), result, options).settlement
  expect('named' in step ? step.named : undefined).toEqual(named)
})

test('a template that Meta holds back is sent, and the timeline says so', () => {
  const held = 'held_for_quality_assessment'
  const result: SendResult = { kind: 'accepted', wamid: 'w', waId: null, userId: null, messageStatus: held, ...measured }
  expect(decide(message(), result, options).settlement.step).toMatchObject({ kind: 'sent', note: expect.stringContaining(held) })
})

test('without an answer the outcome is unknown until the deadline, and blocks the conversation for 15 s', () => {
  const result: SendResult = { kind: 'unknown', why: 'timeout', ...measured, httpStatus: null }
  const { step, entry } = decide(message(), result, options).settlement
  expect(step).toMatchObject({ kind: 'unknown' })
  if (step.kind !== 'unknown') return
  expect([inMs(step.deadlineAt), inMs(step.blocksUntil)]).toEqual([300_000, 15_000])
  expect(entry).toMatchObject({ outcome: 'unknown', detail: 'timeout' })
  expect(entry).not.toHaveProperty('httpStatus')
})

test('a message that was not sent waits longer each time and uses no attempt', () => {
  const result: SendResult = { kind: 'unsent', why: 'ECONNREFUSED', ...measured, httpStatus: null }
  const waits = [0, 1, 2].map(count => {
    const { step } = decide(message({ timeline: attempts(count, { outcome: 'unsent' }) }), result, options).settlement
    return step.kind === 'waiting' && !step.usesAttempt ? inMs(step.nextStepAt) : null
  })
  expect(waits).toEqual([1000, 5000, 30_000])
})

describe('a refusal', () => {
  test('that is retried waits by its attempt', () => {
    expect(decide(message(), refused(131000), options).settlement.step).toEqual({
      kind: 'waiting',
      reason: 'retry',
      nextStepAt: new Date(at.getTime() + 5000),
      usesAttempt: true,
    })
  })

  test('that is final keeps the code, detail and trace id', () => {
    const { step, entry } = decide(message(), refused(131026), options).settlement
    expect(step).toMatchObject({ kind: 'failed', error: { code: 131026, source: 'meta' } })
    expect(entry).toMatchObject({ outcome: 'refused', code: 131026, httpStatus: 400, traceId: 'T1', detail: 'why' })
  })

  test('by the pair limit waits 4^x for the x-th time in a row', () => {
    const timeline = [...attempts(2, { outcome: 'refused', code: 1 }), ...attempts(3, { outcome: 'refused', code: 131056 })]
    const { step } = decide(message({ timeline }), refused(131056), { ...options, random: () => 0 }).settlement
    expect(step).toMatchObject({ reason: 'pair', usesAttempt: false, nextStepAt: new Date(at.getTime() + 64_000) })
  })

  test('that pauses the number waits for the resume, and its conversation shows why', () => {
    const { settlement, refusal } = decide(message(), refused(190), options)
    const shown = expect.objectContaining({ code: 190, source: 'meta' })
    expect(settlement.step).toEqual({ kind: 'waiting', reason: 'paused', nextStepAt: null, usesAttempt: false, shown })
    expect(refusal?.verdict).toEqual({ kind: 'pause', scope: 'token' })
  })

  test('for spam holds campaigns and tries the reply again after an hour', () => {
    const { settlement, refusal } = decide(message(), refused(131048), { ...options, random: () => 0 })
    expect(refusal?.verdict).toEqual({ kind: 'hold-campaigns', delayMs: 3_600_000 })
    expect(settlement.step).toMatchObject({ kind: 'waiting', reason: 'rate', usesAttempt: false })
  })
})

test('a message that fails or is returned without a call has a note instead of an attempt', () => {
  expect(failedWithoutCall(message(), 'window-closed', at)).toMatchObject({ step: { kind: 'failed' }, entry: { kind: 'note' } })
  expect(returned(message(), 'paused', null, at)).toMatchObject({
    step: { kind: 'waiting', usesAttempt: false },
    entry: { kind: 'note' },
  })
})

test('the body is the payload, the recipient and our callback data', () => {
  expect(bodyFor(message())).toEqual({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    type: 'text',
    text: { body: 'x' },
    to: '+212600111222',
    biz_opaque_callback_data: '1:c:65a000000000000000000001:2',
  })
  const byUserId = bodyFor(message({ contactKey: 'MA.9', contactKeyKind: 'userId' }))
  expect(byUserId).toMatchObject({ recipient: 'MA.9' })
  expect(byUserId).not.toHaveProperty('to')
})
