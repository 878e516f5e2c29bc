import { expect, test } from 'vitest'
import { answeredWait, type EarlierMessage } from './answered-wait.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 29, 10) + seconds * 1000)
const other = { type: 'text', campaignId: null }
const inbound = (seconds: number, arrived = seconds): EarlierMessage => ({
  ...other,
  direction: 'INBOUND',
  origin: null,
  at: at(seconds),
  createdAt: at(arrived),
})
const outbound = (seconds: number, origin = 'dashboard'): EarlierMessage => ({
  ...other,
  direction: 'OUTBOUND',
  origin,
  at: at(seconds),
  createdAt: at(seconds),
})

test.for<[string, EarlierMessage[], { ms: number; isFirst: boolean } | null]>([
  ['since the first message that nobody has answered', [inbound(20), inbound(0)], { ms: 60_000, isFirst: true }],
  ['not since what was answered before', [inbound(20), outbound(10), inbound(0)], { ms: 40_000, isFirst: false }],
  ['nobody waits after an answer', [outbound(30), inbound(0)], null],
  ['nobody waits where nobody wrote', [], null],
  [
    'a campaign and an automatic greeting answer nobody',
    [outbound(9, 'campaign'), outbound(1, 'automatic'), inbound(0)],
    { ms: 60_000, isFirst: true },
  ],
  ['what arrived after an answer was not answered by it', [outbound(10), inbound(9, 11)], { ms: 51_000, isFirst: false }],
  ['the first answer again after a day without one', [inbound(0), outbound(-90_000)], { ms: 60_000, isFirst: true }],
  ['a handover is no message', [{ ...inbound(0), type: 'handover' }], null],
  ['imported history makes nobody wait', [{ ...inbound(0), isImported: true }], null],
  ['what arrives later was not answered', [inbound(55, 61)], null],
])('%s', ([, earlier, expected]) => {
  expect(answeredWait(at(60), earlier)).toEqual(expected)
})
