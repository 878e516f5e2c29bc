import { expect, test, vi } from 'vitest'
import type { Decision, SendClaim } from '#shared/limits/claims.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { Pacer } from './pacer.ts'

const number = { phoneNumberId: '105', throughput: 80, tenantId: 't', wabaId: 'w' } as unknown as ClientDoc

function pacerWith(answers: Decision[]) {
  const asked: SendClaim[] = []
  const decide = async (claims: readonly SendClaim[]) => {
    asked.push(...claims)
    return [answers.shift() ?? { granted: true as const, waitMs: 0 }]
  }
  return { asked, pacer: new Pacer({ decide }) }
}

test('a call waits for its send slot', async () => {
  const { pacer, asked } = pacerWith([])
  const dueAt = performance.now() + 20
  expect(await pacer.reach(number, dueAt)).toBe(true)
  expect(performance.now()).toBeGreaterThanOrEqual(dueAt - 2)
  expect(asked).toEqual([])
})

test('a missed slot is exchanged while other messages wait for the number, by a claim on its rate alone', async () => {
  const { pacer, asked } = pacerWith([{ granted: true, waitMs: 1 }])
  const past = performance.now() - 100
  expect(await pacer.reach(number, past)).toBe(true)
  expect(asked).toEqual([])
  pacer.observe('105', 30)
  expect(pacer.leadMs('105')).toBeGreaterThan(0)
  expect(await pacer.reach(number, past)).toBe(true)
  expect(asked).toMatchObject([{ phoneNumberId: '105', ratePerSecond: 80, contactKey: null, perDay: null, initiates: null }])
})

test('a call that misses one slot after the other starts at last', async () => {
  const late = { granted: true as const, waitMs: -100 }
  const { pacer, asked } = pacerWith(Array.from({ length: 10 }, () => late))
  pacer.observe('105', 30)
  expect(await pacer.reach(number, performance.now() - 100)).toBe(true)
  expect(asked).toHaveLength(3)
})

test('without a slot soon the message is returned', async () => {
  const { pacer } = pacerWith([{ granted: false, waitMs: 5000, limit: 'number' }])
  pacer.observe('105', 30)
  expect(await pacer.reach(number, performance.now() - 100)).toBe(false)
})

test('a short wait does not make a number congested, and the lead alone does not keep it so', () => {
  const { pacer } = pacerWith([])
  pacer.observe('105', 15)
  expect(pacer.leadMs('105')).toBe(0)
  pacer.observe('105', 30)
  const lead = pacer.leadMs('105')
  expect(lead).toBeGreaterThan(0)
  vi.useFakeTimers({ now: 0, toFake: ['performance'] })
  try {
    pacer.observe('105', 1000)
    vi.advanceTimersByTime(1500)
    pacer.observe('105', lead)
    vi.advanceTimersByTime(1000)
    expect(pacer.leadMs('105')).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
