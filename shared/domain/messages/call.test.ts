import { expect, test } from 'vitest'
import { type CallFacts, callState, mergeCalls } from './call.ts'

const inbound = (facts: Partial<CallFacts> = {}): CallFacts => ({ direction: 'inbound', ...facts })
const outbound = (facts: Partial<CallFacts> = {}): CallFacts => ({ direction: 'outbound', ...facts })

test.for<[CallFacts, string]>([
  [inbound(), 'ringing'],
  [inbound({ isEnded: true, isFailed: true }), 'missed'],
  [inbound({ isEnded: true }), 'missed'],
  [inbound({ isEnded: true, startedAt: '2026-11-20T09:00:00.000Z', durationS: 60 }), 'completed'],
  [inbound({ isEnded: true, durationS: 12 }), 'completed'],
  [outbound({ isAccepted: true }), 'ongoing'],
  [outbound({ isRejected: true }), 'rejected'],
  [outbound({ isRejected: true, isEnded: true }), 'rejected'],
  [outbound({ isEnded: true }), 'unanswered'],
  [outbound({ isAccepted: true, isEnded: true, startedAt: '2026-11-20T09:00:00.000Z' }), 'completed'],
])('the call %j is %s', ([call, expected]) => {
  expect(callState(call)).toBe(expected)
})

test('the reports of a call say the same in any order', () => {
  const reports = [outbound(), outbound({ isAccepted: true }), outbound({ isEnded: true, durationS: 5 })]
  const [a, b, c] = reports as [CallFacts, CallFacts, CallFacts]
  expect(mergeCalls(mergeCalls(a, b), c)).toEqual(mergeCalls(mergeCalls(c, b), a))
})
