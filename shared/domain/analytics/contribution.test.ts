import { expect, test } from 'vitest'
import {
  addCounts,
  type Contribution,
  type CountedMessage,
  type Counts,
  cellKey,
  closingContribution,
  contributionOf,
  differences,
  withoutZeros,
} from './contribution.ts'

const OUT: CountedMessage = {
  direction: 'OUTBOUND',
  type: 'template',
  status: 'SENT',
  at: new Date('2026-11-29T23:30:00Z'),
  clientId: 'c1',
  content: { template: { name: 'welcome' } },
  origin: 'dashboard',
  sentBy: { kind: 'user', id: 'u1' },
  error: null,
  cost: { amount: 0.4, currency: 'MAD', category: 'utility' },
  metaCost: { amount: 0.023, currency: 'USD', category: 'utility', type: null, basis: 'foreseen' },
  contactKey: '212661000101',
  contactKeyKind: 'waId',
}
const IN: CountedMessage = {
  ...OUT,
  direction: 'INBOUND',
  type: 'text',
  status: 'RECEIVED',
  content: { template: null },
  origin: null,
  sentBy: null,
  cost: null,
  metaCost: null,
}
const countsOf = (message: Partial<CountedMessage>) => contributionOf({ ...OUT, ...message }, 'UTC', null)?.counts

test('a message belongs to its day and hour in the time zone of the account', () => {
  expect(contributionOf(OUT, 'UTC', null)?.cell.day).toBe('2026-11-29')
  const inTokyo = contributionOf(IN, 'Asia/Tokyo', null)
  expect([inTokyo?.cell.day, inTokyo?.counts]).toEqual(['2026-11-30', { n: { messages: 1 }, hours: { 8: 1 } }])
})

test('a customer’s message is counted by the ad that it came from, whatever characters its id has', () => {
  const from = (source_id: unknown) => contributionOf({ ...IN, referral: { source_id } }, 'UTC', null)?.counts.ads
  expect([from('120212345'), from('a.b$c'), from(''), from(7)]).toEqual([{ 120212345: 1 }, { a_b_c: 1 }, undefined, undefined])
  expect(countsOf({ referral: { source_id: '1' } })?.ads).toBeUndefined()
})

test('a message is counted with who sent what to where', () => {
  expect(contributionOf(OUT, 'UTC', null)).toEqual({
    cell: {
      day: '2026-11-29',
      kind: 'OUTBOUND',
      clientId: 'c1',
      template: 'welcome',
      agentId: 'u1',
      origin: 'dashboard',
      category: 'utility',
      country: 'MA',
    },
    counts: { n: { messages: 1 }, status: { SENT: 1 }, own: { MAD: 400_000 }, meta: { USD: 23_000 } },
  })
})

test.for([
  ['what has not been sent', { status: 'QUEUED' }],
  ['imported history', { isImported: true }],
  ['what WhatsApp wrote', { direction: 'INBOUND' as const, type: 'system' }],
  ['a handover', { direction: 'INBOUND' as const, type: 'handover' }],
  ['a call', { direction: 'INBOUND' as const, type: 'call' }],
] as const)('%s is not counted', ([, message]) => {
  expect(contributionOf({ ...OUT, ...message }, 'UTC', null)).toBeNull()
})

test('a failure is counted by its code and costs nothing', () => {
  const meta = { code: 131026, title: 'Undeliverable', source: 'meta' as const }
  expect(countsOf({ status: 'FAILED', error: meta })).toEqual({ n: { messages: 1 }, status: { FAILED: 1 }, codes: { 131026: 1 } })
  const ours = { code: null, title: 'Waited too long', source: 'platform' as const }
  expect(countsOf({ status: 'FAILED', error: ours })?.codes).toEqual({ expired: 1 })
})

test('a rate that is not known is counted, not taken for 0; free replies and billed ones apart', () => {
  const service = { currency: 'USD', category: 'service', basis: 'reported' as const }
  expect(countsOf({ metaCost: { ...service, amount: null, type: 'regular' } })?.n).toEqual({
    messages: 1,
    unknownRates: 1,
    reported: 1,
    replies: 1,
  })
  const billed = countsOf({ metaCost: { ...service, amount: 0.023, type: 'regular' } })
  expect([billed?.meta, billed?.replies]).toEqual([{ USD: 23_000 }, { USD: 23_000 }])
  const free = countsOf({ metaCost: { ...service, amount: 0, type: 'free_customer_service' } })
  expect([free?.n, free?.replies]).toEqual([{ messages: 1, reported: 1, freeReplies: 1 }, undefined])
})

test('an answer is counted with the wait that it ended', () => {
  const counts = contributionOf(OUT, 'UTC', { ms: 60_000, isFirst: false })?.counts
  expect([Object.values(counts?.reply ?? {}), counts?.first]).toEqual([[1], undefined])
  expect(Object.values(contributionOf(OUT, 'UTC', { ms: 60_000, isFirst: true })?.counts.first ?? {})).toEqual([1])
})

test('a closing is counted on its day, with the time since the customer wrote', () => {
  const closing = {
    clientId: 'c1',
    assignedTo: 'u1',
    openedAt: new Date('2026-11-29T10:00:00Z'),
    closedAt: new Date('2026-11-29T11:00:00Z'),
  }
  const { cell, counts } = closingContribution(closing, 'UTC')
  expect([cell.kind, cell.agentId, counts.n, Object.values(counts.resolution ?? {})]).toEqual([
    'CLOSING',
    'u1',
    { closings: 1 },
    [1],
  ])
  expect(closingContribution({ ...closing, openedAt: null }, 'UTC').counts).toEqual({ n: { closings: 1 } })
})

test('counters that were changed step by step equal the sum over the messages as they are at the end', () => {
  const random = generator(7)
  const statuses = ['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED']
  const rows: CountedMessage[] = Array.from({ length: 40 }, (_, i) => ({
    ...OUT,
    status: 'QUEUED',
    sentBy: { kind: 'user', id: `u${i % 3}` },
  }))
  const counters = new Map<string, Counts>()
  const ledger: (Contribution | null)[] = rows.map(() => null)
  const count = (changed: number[]) => {
    const changes = changed.map(i => ({
      before: ledger[i] ?? null,
      after: contributionOf(rows[i] as CountedMessage, 'UTC', null),
    }))
    for (const { cell, counts } of differences(changes))
      counters.set(cellKey(cell), addCounts(counters.get(cellKey(cell)) ?? {}, counts))
    for (const [k, i] of changed.entries()) ledger[i] = changes[k]?.after ?? null
  }
  for (let step = 0; step < 300; step++) {
    const changed = [...new Set(Array.from({ length: 1 + random(6) }, () => random(rows.length)))]
    for (const i of changed)
      rows[i] = {
        ...(rows[i] as CountedMessage),
        status: statuses[random(5)] as string,
        at: new Date(Date.UTC(2026, 10, 1 + random(3))),
      }
    count(changed)
  }
  const whole = differences(rows.map(row => ({ before: null, after: contributionOf(row, 'UTC', null) })))
  const kept = [...counters]
    .map(([key, counts]) => [key, withoutZeros(counts)] as const)
    .filter(([, counts]) => Object.keys(counts).length > 0)
  expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(whole.map(({ cell, counts }) => [cellKey(cell), counts])))
})

test('what is counted twice changes nothing', () => {
  const contribution = contributionOf(OUT, 'UTC', null)
  expect(differences([{ before: contribution, after: contribution }])).toEqual([])
})

/** A small generator with a seed. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}
