import { describe, expect, test } from 'vitest'
import type { SendClaim } from './claims.ts'
import { LocalLimits } from './local-limits.ts'

const claim = (changes: Partial<SendClaim> = {}): SendClaim => ({
  phoneNumberId: '1054',
  ratePerSecond: 80,
  contactKey: '212600000001',
  tenantId: 't1',
  wabaId: 'w1',
  priority: 'chat',
  perMinute: null,
  perDay: null,
  initiates: null,
  leadMs: 0,
  ...changes,
})
const people = (count: number, changes: Partial<SendClaim> = {}) =>
  Array.from({ length: count }, (_, i) => claim({ contactKey: String(i), ...changes }))

function limitsAt(start = 1000) {
  let now = start
  const limits = new LocalLimits(() => now)
  return { limits, pass: (ms: number) => (now += ms) }
}

describe('a number', () => {
  test('sends its burst at once, then evenly spaced ones within the wait that is allowed', () => {
    const { limits } = limitsAt()
    const decisions = limits.decide(people(40), 250, 1)
    const granted = decisions.filter(d => d.granted)
    expect(granted.filter(d => d.waitMs === 0)).toHaveLength(2)
    expect(granted).toHaveLength(22)
    expect(granted.at(-1)?.waitMs).toBe(250)
  })

  test('gives refused claims one slot after the other', () => {
    const { limits } = limitsAt()
    const refused = limits.decide(people(26), 250, 1).filter(d => !d.granted)
    expect(refused.map(d => d.waitMs)).toEqual([263, 275, 288, 300])
  })

  test('never sends more than rate and burst in a second', () => {
    const { limits, pass } = limitsAt()
    let sent = 0
    for (let ms = 0; ms < 1000; ms += 10) {
      sent += limits.decide(people(5), 0, 1).filter(d => d.granted).length
      pass(10)
    }
    expect(sent).toBeLessThanOrEqual(82)
    expect(sent).toBeGreaterThanOrEqual(80)
  })

  test('is shared by the live processes', () => {
    const { limits, pass } = limitsAt()
    limits.decide(people(100), 0, 4)
    pass(1000)
    expect(limits.decide(people(100), 1000, 4).filter(d => d.granted).length).toBeLessThanOrEqual(1 + 20 + 20)
  })

  test('has half its rate for a minute after a refusal for its rate, then recovers within five minutes', () => {
    const { limits, pass } = limitsAt()
    limits.slowDown('1054')
    limits.slowDown('1054')
    expect(limits.decide(people(100), 1000, 1).filter(d => d.granted)).toHaveLength(42)
    pass(59_000)
    expect(limits.decide(people(100), 1000, 1).filter(d => d.granted)).toHaveLength(42)
    pass(152_000)
    expect(limits.decide(people(100), 1000, 1).filter(d => d.granted)).toHaveLength(62)
    pass(150_000)
    expect(limits.decide(people(100), 1000, 1).filter(d => d.granted)).toHaveLength(82)
  })

  test('that is busy gives later slots, one after the other', () => {
    const { limits } = limitsAt()
    const waits = limits.decide(people(3, { leadMs: 80 }), 250, 1).map(({ waitMs }) => waitMs)
    expect(waits).toEqual([80, 93, 105])
    expect(limits.decide(people(1, { leadMs: 80 }), 250, 1)).toEqual([{ granted: true, waitMs: 118 }])
  })

  test('can be claimed for its rate alone', () => {
    const { limits } = limitsAt()
    const again = Array.from({ length: 60 }, () => claim({ contactKey: null, ratePerSecond: 1000 }))
    expect(limits.decide(again, 100, 1).filter(d => d.granted)).toHaveLength(60)
  })

  test('always has a slot for a reply before those of campaigns', () => {
    const { limits } = limitsAt()
    expect(limits.decide(people(100, { priority: 'campaign' }), 250, 1).filter(d => d.granted)).toHaveLength(18)
    expect(limits.decide([claim()], 250, 1)).toEqual([{ granted: true, waitMs: 213 }])
  })
})

test('a pair allows 45 messages at once, then one in 6 s', () => {
  const { limits, pass } = limitsAt()
  const same = Array.from({ length: 60 }, () => claim({ ratePerSecond: 1000 }))
  const first = limits.decide(same, 100, 1)
  expect(first.filter(d => d.granted)).toHaveLength(45)
  expect(first[45]).toEqual({ granted: false, waitMs: 6000, limit: 'pair' })
  pass(6000)
  expect(limits.decide(same, 100, 1).filter(d => d.granted)).toHaveLength(1)
})

test('a refusal uses nothing up', () => {
  const { limits } = limitsAt()
  const same = Array.from({ length: 60 }, () => claim({ ratePerSecond: 50 }))
  limits.decide(same, 10_000, 1)
  expect(limits.decide([claim({ contactKey: 'other', ratePerSecond: 50 })], 2000, 1)[0]).toMatchObject({ granted: true })
})

test("a tenant's own limit counts over all its numbers", () => {
  const { limits } = limitsAt()
  const claims = people(10, { perMinute: 6 }).map((c, i) => ({ ...c, phoneNumberId: String(i) }))
  const decisions = limits.decide(claims, 250, 1)
  expect(decisions.filter(d => d.granted)).toHaveLength(6)
  expect(decisions[6]).toEqual({ granted: false, waitMs: 10_000, limit: 'tenant' })
})

test('a hold stops its scope, and a campaign hold only campaigns', () => {
  const { limits, pass } = limitsAt()
  limits.hold('campaign', '1054', 5000)
  limits.hold('pair', '1054:x', 1000)
  const decisions = limits.decide([claim(), claim({ priority: 'campaign' }), claim({ contactKey: 'x' })], 0, 1)
  expect(decisions).toEqual([
    { granted: true, waitMs: 0 },
    { granted: false, waitMs: 5000, limit: 'hold' },
    { granted: false, waitMs: 1000, limit: 'hold' },
  ])
  pass(1001)
  expect(limits.decide([claim({ contactKey: 'x' })], 0, 1)[0]).toMatchObject({ granted: true })
})
