import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byHandover, byMessage, joinOwners, type Owner, type ThreadOwner } from './thread-owner.ts'

const second = (n: number) => new Date(Date.UTC(2026, 10, 20, 9, 0, n))
const anOwner = fc.constantFrom<Owner>('platform', 'other')
/** Few seconds, so that many reports carry the same one. */
const aTime = fc.integer({ min: 0, max: 4 }).map(second)
const aReport: fc.Arbitrary<ThreadOwner> = fc.oneof(
  fc.record({ owner: anOwner, at: aTime }).map(({ owner, at }) => byMessage(owner, at)),
  fc.record({ owner: anOwner, at: aTime, role: fc.constantFrom(null, 'ai_agent', 'escalation') }).map(byHandover),
)
const joined = (reports: ThreadOwner[]) => reports.reduce(joinOwners)

test('[P3] who answers, and in which role, is the same in any order of the same reports and for any number of copies', () => {
  const orders = fc
    .array(aReport, { minLength: 1, maxLength: 8 })
    .chain(reports =>
      fc.tuple(
        fc.constant(reports),
        fc.shuffledSubarray([...reports, ...reports], { minLength: reports.length * 2 }),
        fc.integer({ min: 1, max: reports.length * 2 - 1 }),
      ),
    )
  fc.assert(
    fc.property(orders, ([reports, others, half]) => {
      expect(joined(others)).toEqual(joined(reports))
      expect(joinOwners(joined(others.slice(0, half)), joined(others.slice(half)))).toEqual(joined(reports))
    }),
    { numRuns: 2000 },
  )
})

test.for<[string, ThreadOwner[], Partial<ThreadOwner>]>([
  ['the newest counts', [byMessage('other', second(2)), byMessage('platform', second(3))], { owner: 'platform', at: second(3) }],
  [
    'a copy keeps the role that its owner took over in',
    [byMessage('other', second(5)), byHandover({ owner: 'other', role: 'escalation', at: second(2) })],
    { owner: 'other', role: 'escalation', at: second(5) },
  ],
  [
    'of the same second a handover counts more than a message',
    [byHandover({ owner: 'other', role: null, at: second(2) }), byMessage('platform', second(2))],
    { owner: 'other', at: second(2) },
  ],
  [
    'of the same second this platform counts more than another app',
    [byMessage('platform', second(2)), byMessage('other', second(2))],
    { owner: 'platform', at: second(2) },
  ],
  [
    'of two handovers of the same second the one that gives control to this platform counts',
    [
      byHandover({ owner: 'platform', role: 'customer_service', at: second(2) }),
      byHandover({ owner: 'other', role: 'escalation', at: second(2) }),
    ],
    { owner: 'platform', role: 'customer_service' },
  ],
  [
    'a role that was stored without its handover is kept',
    [{ owner: 'other', role: 'ai_agent', at: second(1) }, byMessage('other', second(3))],
    { owner: 'other', role: 'ai_agent', at: second(3) },
  ],
])('%s', ([, reports, expected]) => {
  expect(joined(reports)).toMatchObject(expected)
  expect(joined(reports.toReversed())).toMatchObject(expected)
})
