import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pino from 'pino'
import { expect, inject, test } from 'vitest'
import type { SendClaim } from '#shared/limits/claims.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createSendLimits, type SendLimits } from '#shared/limits/send-limits.ts'
import { limitUsage } from '#shared/limits/usage.ts'
import { rateLimited } from '#shared/process/metrics.ts'

const log = pino({ level: 'silent' })
const prefix = () => `{test:${randomBytes(6).toString('hex')}}`

async function openLimits(options: { prefix: string; url?: string; liveSenders?: () => number }) {
  const redis = await connectRedis(options.url ?? inject('servers').redisUrl, { log })
  return Object.assign(createSendLimits({ redis, ...options }), { [Symbol.dispose]: () => redis.disconnect() })
}

const claim = (changes: Partial<SendClaim> = {}): SendClaim => ({
  phoneNumberId: '1054',
  ratePerSecond: 80,
  contactKey: 'p',
  tenantId: 't',
  wabaId: 'w',
  priority: 'chat',
  perMinute: null,
  perDay: null,
  initiates: null,
  leadMs: 0,
  ...changes,
})

/** Asks as fast as it can and notes when each granted call would leave. */
async function hammer(limits: SendLimits, ms: number, sent: number[]): Promise<void> {
  const end = performance.now() + ms
  for (let i = 0; performance.now() < end; i++) {
    const claims = Array.from({ length: 5 }, (_, k) => claim({ contactKey: `${i}.${k}.${Math.random()}` }))
    for (const decision of await limits.decide(claims)) if (decision.granted) sent.push(performance.now() + decision.waitMs)
    await wait(2)
  }
}

const mostInOneSecond = (times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  return Math.max(...sorted.map(from => sorted.filter(at => at >= from && at < from + 1000).length))
}

test('[F38] four clients together never exceed the rate and the burst in any second', async () => {
  const own = prefix()
  using a = await openLimits({ prefix: own })
  using b = await openLimits({ prefix: own })
  using c = await openLimits({ prefix: own })
  using d = await openLimits({ prefix: own })
  const sent: number[] = []
  await Promise.all([a, b, c, d].map(limits => hammer(limits, 2500, sent)))
  // The answers' way back blurs the moments by some milliseconds: one slot is 12.5 ms.
  expect(mostInOneSecond(sent)).toBeLessThanOrEqual(80 + 8 + 3)
  expect(sent.length).toBeGreaterThanOrEqual(80 * 2.4)
})

test('[F37] a pair gives 45 at once, over all clients, then one in 6 s', async () => {
  const own = prefix()
  using a = await openLimits({ prefix: own })
  using b = await openLimits({ prefix: own })
  const claims = Array.from({ length: 30 }, () => claim({ ratePerSecond: 100_000 }))
  const decisions = [...(await a.decide(claims)), ...(await b.decide(claims))]
  expect(decisions.filter(d => d.granted)).toHaveLength(45)
  const refused = decisions.filter(d => !d.granted)
  expect(refused.every(d => d.limit === 'pair')).toBe(true)
  expect(refused.map(d => Math.round(d.waitMs / 1000))).toEqual(Array.from({ length: 15 }, (_, i) => 6 * (i + 1)))
})

test('what one limit refuses uses up no other', async () => {
  using limits = await openLimits({ prefix: prefix() })
  const paced = Array.from({ length: 100 }, () => claim({ perDay: 50, ratePerSecond: 10_000 }))
  expect((await limits.decide(paced)).filter(d => d.granted)).toHaveLength(45)
  const others = Array.from({ length: 10 }, (_, i) => claim({ perDay: 50, ratePerSecond: 10_000, contactKey: `o${i}` }))
  expect((await limits.decide(others)).map(d => (d.granted ? 'granted' : d.limit))).toEqual([
    ...Array(5).fill('granted'),
    ...Array(5).fill('tenant'),
  ])
})

test('a number that Meta found too fast keeps half its rate, and a hold stops its scope', async () => {
  using limits = await openLimits({ prefix: prefix() })
  await Promise.all([limits.slowDown('1054'), limits.slowDown('1054')])
  const many = Array.from({ length: 100 }, (_, i) => claim({ contactKey: `${i}` }))
  // A burst of 2, then one every 25 ms: exactly half, for the first minute brings nothing back.
  expect((await limits.decide(many, 1010)).filter(d => d.granted)).toHaveLength(42)
  await limits.hold('waba', 'w', 60_000)
  expect(await limits.decide([claim()])).toEqual([{ granted: false, waitMs: expect.closeTo(60_000, -3), limit: 'hold' }])
  expect(await limits.decide([claim({ wabaId: 'other', phoneNumberId: '2' })])).toEqual([{ granted: true, waitMs: 0 }])
})

test('a number that was too fast keeps half its rate for a minute, then finds back to it in five', async () => {
  const own = prefix()
  using limits = await openLimits({ prefix: own })
  using redis = Object.assign(await connectRedis(inject('servers').redisUrl, { log }), {
    [Symbol.dispose](this: Redis) {
      this.disconnect()
    },
  })
  await limits.slowDown('1054')
  expect(await redis.pttl(`${own}:slow:1054`)).toBeGreaterThan(350_000)
  /** Granted within a second, so long after Meta's word. */
  const grantedAfter = async (ms: number) => {
    await redis.hset(`${own}:slow:1054`, 'at', Date.now() - ms)
    await redis.del(`${own}:n:1054`)
    const many = Array.from({ length: 100 }, (_, i) => claim({ contactKey: `${ms}.${i}` }))
    return (await limits.decide(many, 1005)).filter(d => d.granted).length
  }
  expect(await grantedAfter(50_000)).toBe(42)
  const half = await grantedAfter(210_000)
  expect(half).toBeGreaterThanOrEqual(62)
  expect(half).toBeLessThanOrEqual(64)
  expect(await grantedAfter(361_000)).toBe(82)
})

test('a portfolio writes first to no more people a day than Meta lets it; to the same ones again as often as it likes', async () => {
  const own = prefix()
  using limits = await openLimits({ prefix: own })
  const portfolioId = 'p1'
  const first = (contactKey: string, limit = 3) => claim({ contactKey, initiates: { portfolioId, limit } })
  const decisions = await limits.decide(['a', 'b', 'a', 'c', 'd', 'b'].map(key => first(key)))
  expect(decisions.map(d => d.granted)).toEqual([true, true, true, true, false, true])
  expect(decisions[4]).toEqual({ granted: false, waitMs: expect.closeTo(86_400_000, -4), limit: 'messaging' })
  expect(await limits.decide([claim({ contactKey: 'd' }), first('d', 4)])).toMatchObject([{ granted: true }, { granted: true }])
  using redis = Object.assign(await connectRedis(inject('servers').redisUrl, { log }), {
    [Symbol.dispose](this: Redis) {
      this.disconnect()
    },
  })
  const number = { phoneNumberId: '1054', wabaId: '31', portfolioId }
  const usage = await limitUsage(redis, own, { tenantId: 't', perMinute: null, perDay: null, numbers: [number] })
  expect(usage?.numbers.get('1054')?.messagingUsed).toBe(4)
})

test('[F21] without Redis each process goes on with its share of the rate', async () => {
  const before = (await rateLimited.get()).values.find(value => value.labels.limit === 'fallback')?.value ?? 0
  const redis = new Redis('redis://127.0.0.1:1', { enableOfflineQueue: false, retryStrategy: () => null, lazyConnect: true })
  redis.on('error', () => undefined)
  const limits = createSendLimits({ redis, liveSenders: () => 2, prefix: prefix() })
  const many = Array.from({ length: 100 }, (_, i) => claim({ contactKey: `${i}` }))
  expect((await limits.decide(many, 1000)).filter(d => d.granted)).toHaveLength(1 + 40)
  await limits.hold('number', '1054', 5000)
  expect(await limits.decide([claim({ contactKey: 'new' })])).toMatchObject([{ granted: false, limit: 'hold' }])
  const after = (await rateLimited.get()).values.find(value => value.labels.limit === 'fallback')?.value
  expect(after).toBe(before + 101)
})
