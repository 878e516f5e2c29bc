import { describe, expect, test } from 'vitest'
import { managementAccount, uncountedAccount } from '../domain/graph-calls.ts'
import { createCallLimits } from './call-limits.ts'

const HOUR_MS = 3_600_000
const number = { wabaId: '31', status: 'active', pauseReason: null } as const
const hold = { baseMs: 60_000, askedMs: 0 }

function limitsAt() {
  let now = 1000
  const limits = createCallLimits({ redis: null, prefix: '', now: () => now })
  return { limits, pass: (ms: number) => (now += ms) }
}

test.for([
  [{ ...number }, 5000],
  [{ ...number, status: 'paused', pauseReason: 'token' }, 5000],
  [{ ...number, status: 'paused', pauseReason: 'registration' }, 200],
  [{ ...number, status: 'disconnected' }, 200],
] as const)('%j may make %i calls an hour', ([client, perHour]) => {
  expect(managementAccount(client)).toEqual({ wabaId: '31', perHour })
})

describe('without Redis a process', () => {
  test('makes a quarter of the calls of an account, in any hour', async () => {
    const { limits, pass } = limitsAt()
    const made: number[] = []
    for (let second = 0; second < 3 * 3600; second += 5, pass(5000))
      if ((await limits.take({ wabaId: '31', perHour: 200 })) === 0) made.push(second)
    const most = Math.max(...made.map(from => made.filter(at => at >= from && at < from + 3600).length))
    expect(most).toBeLessThanOrEqual(50)
    expect(made.length).toBeGreaterThanOrEqual(25 + 3 * 25 - 1)
  })

  test('says when the next call may be made; other accounts are not affected', async () => {
    const { limits, pass } = limitsAt()
    const account = { wabaId: '31', perHour: 200 }
    for (let i = 0; i < 25; i++) expect(await limits.take(account)).toBe(0)
    const waitMs = await limits.take(account)
    expect(waitMs).toBe(HOUR_MS / 25)
    expect(await limits.take({ ...account, wabaId: '32' })).toBe(0)
    pass(waitMs)
    expect(await limits.take(account)).toBe(0)
  })

  test('keeps its holds of an account and of the app', async () => {
    const { limits, pass } = limitsAt()
    await limits.hold('31', hold)
    await limits.hold('31', { baseMs: 1000, askedMs: 0 })
    expect(await limits.take(managementAccount(number))).toBe(60_000)
    expect(await limits.take(uncountedAccount(number))).toBe(60_000)
    expect(await limits.take(managementAccount({ ...number, wabaId: '32' }))).toBe(0)
    expect(await limits.take(null)).toBe(0)
    pass(60_000)
    await limits.hold(null, { baseMs: 60_000, askedMs: 90_000 })
    expect(await limits.take(managementAccount({ ...number, wabaId: '32' }))).toBe(90_000)
    expect(await limits.take(null)).toBe(90_000)
  })
})
