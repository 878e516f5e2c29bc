import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import pino from 'pino'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { managementAccount, uncountedAccount } from '#shared/domain/graph-calls.ts'
import { createCallLimits } from '#shared/limits/call-limits.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { limitCalls } from '#shared/meta/limited-client.ts'
import { listen } from '#shared/process/health.ts'
import { startProxy } from '#test/support/tcp-proxy.ts'

const log = pino({ level: 'silent' })
const number = { wabaId: '31', status: 'active', pauseReason: null } as const
const account = managementAccount(number)
const claim = {
  phoneNumberId: '105',
  ratePerSecond: 80,
  contactKey: 'p',
  tenantId: 't',
  wabaId: '31',
  priority: 'chat' as const,
  perMinute: null,
  perDay: null,
  initiates: null,
  leadMs: 0,
}

let stack: AsyncDisposableStack
let prefix: string
beforeEach(() => {
  stack = new AsyncDisposableStack()
  prefix = `{test:${randomBytes(6).toString('hex')}}`
})
afterEach(() => stack.disposeAsync())

async function connect(url: string = inject('servers').redisUrl) {
  return stack.use(await connectRedis(url, { log, commandTimeoutMs: 2000 }))
}
/** As a process has them. */
const open = async (url?: string) => createCallLimits({ redis: await connect(url), prefix })

test('processes together make half of an hour of calls at once and the rest evenly, for each account', async () => {
  const [a, b] = [await open(), await open()]
  const small = { wabaId: '31', perHour: 200 }
  const waits = await Promise.all(Array.from({ length: 120 }, (_, i) => (i % 2 ? a : b).take(small)))
  // One more place opens every 36 s.
  expect(waits.filter(wait => wait === 0)).toHaveLength(100)
  const longest = Math.max(...waits)
  expect(longest).toBeGreaterThan(30_000)
  expect(longest).toBeLessThanOrEqual(36_000)
  expect(await b.take({ ...small, wabaId: '32' })).toBe(0)
  expect(await b.take(uncountedAccount(number))).toBe(0)
})

test('an account whose number is registered makes 2,500 at once', async () => {
  const limits = await open()
  const waits = await Promise.all(Array.from({ length: 2600 }, () => limits.take(account)))
  const made = waits.filter(wait => wait === 0).length
  expect(made).toBeGreaterThanOrEqual(2500)
  // One more every 1.44 s while the test asks.
  expect(made).toBeLessThan(2550)
})

test('what Meta says to one process holds all of them: the account, longer each time that it goes on, or the app', async () => {
  const [a, b] = [await open(), await open()]
  const redis = await connect()
  const hold = { baseMs: 60_000, askedMs: 0 }
  await Promise.all([a.hold('31', hold), b.hold('31', hold)])
  expect(await b.take(account)).toBeCloseTo(60_000, -4)
  expect(await b.take({ ...account, wabaId: '32' })).toBe(0)
  expect(await b.take(null)).toBe(0)
  await redis.del(`${prefix}:c:h:31`)
  await b.hold('31', hold)
  expect(await redis.pttl(`${prefix}:c:h:31`)).toBeCloseTo(120_000, -4)
  await b.hold('31', { baseMs: 60_000, askedMs: 900_000 })
  expect(await redis.pttl(`${prefix}:c:h:31`)).toBeCloseTo(900_000, -4)
  await b.hold('31', hold)
  expect(await redis.pttl(`${prefix}:c:h:31`)).toBeCloseTo(900_000, -4)
  await a.hold(null, hold)
  expect(await b.take({ ...account, wabaId: '32' })).toBeCloseTo(60_000, -4)
  expect(await b.take(null)).toBeCloseTo(60_000, -4)
})

test('a limit that a send met holds calls as well, one that a call met holds no send', async () => {
  const redis = await connect()
  const calls = createCallLimits({ redis, prefix })
  const sends = createSendLimits({ redis, prefix })
  await calls.hold('31', { baseMs: 60_000, askedMs: 0 })
  expect(await sends.decide([claim])).toEqual([{ granted: true, waitMs: 0 }])
  await sends.hold('waba', '32', 60_000)
  await sends.hold('waba', '32', 1000)
  expect(await calls.take({ ...account, wabaId: '32' })).toBeCloseTo(60_000, -4)
})

test('[F21] with Redis away each process makes its share, keeps the holds it knows of, and shares again when Redis is back', async () => {
  const proxy = stack.use(await startProxy(inject('servers').redisUrl))
  const limits = await open(proxy.url)
  const other = await open()
  expect(await limits.take(account)).toBe(0)
  proxy.cut()
  const small = { wabaId: '33', perHour: 200 }
  const waits = await Promise.all(Array.from({ length: 40 }, () => limits.take(small)))
  expect(waits.filter(wait => wait === 0)).toHaveLength(25)
  await limits.hold('34', { baseMs: 60_000, askedMs: 0 })
  expect(await limits.take({ ...small, wabaId: '34' })).toBeGreaterThan(50_000)
  await other.hold('33', { baseMs: 600_000, askedMs: 0 })
  proxy.mend()
  await expect.poll(() => limits.take(small), { timeout: 15_000 }).toBeGreaterThan(500_000)
})

test('after 80007 no further call reaches Meta until its time is over', async () => {
  let calls = 0
  const server = createServer((_request, response) => {
    calls++
    response.writeHead(400, { 'content-type': 'application/json', 'retry-after': '120' })
    response.end(JSON.stringify({ error: { code: 80007, message: 'Rate limit issues' } }))
  })
  const { port } = stack.use(await listen(server, '127.0.0.1', 0))
  const meta = stack.use(createMetaClient({ baseUrl: `http://127.0.0.1:${port}`, version: 'v25.0' }))
  const limited = limitCalls(meta, await open())
  expect(await limited.graph.get('105', { token: 't', account })).toMatchObject({ kind: 'refused', retryAfterMs: 120_000 })
  const held = await limited.graph.get('105', { token: 't', account })
  expect(held).toMatchObject({ kind: 'unsent', retryAfterMs: expect.closeTo(120_000, -4) })
  expect(calls).toBe(1)
})
