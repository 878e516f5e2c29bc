import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import pino from 'pino'
import { afterEach, expect, inject, vi } from 'vitest'
import { createPresence } from '#services/realtime/presence.ts'
import { connectRedisPair } from '#services/realtime/redis.ts'
import { test } from '#test/support/world.ts'

const HOUR_MS = 3_600_000
const salma = { id: 'u1', name: 'Salma' }
const yassine = { id: 'u2', name: 'Yassine' }

afterEach(() => void vi.useRealTimers())

/** The clock of this process differs from Redis's by `ms`. */
const setClock = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

test.for([HOUR_MS, -HOUR_MS])('a node whose clock is %d ms wrong sees who is present, and is seen', async ms => {
  await using redis = await connectRedisPair(inject('servers').redisUrl, pino({ level: 'silent' }))
  const presence = createPresence(redis, `test:${randomUUID()}`)
  await presence.enter('tenant', salma, 'right')
  setClock(ms)
  expect(redis.isReady()).toBe(true)
  expect(await presence.present('tenant')).toEqual([salma])
  expect(await presence.enter('tenant', yassine, 'wrong')).toBe(true)
  vi.useRealTimers()
  expect((await presence.present('tenant')).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([salma, yassine])
  expect(await presence.leave('tenant', salma, 'right')).toBe(true)
})

test('rows live 45 s by the clock of Redis', async () => {
  await using redis = await connectRedisPair(inject('servers').redisUrl, pino({ level: 'silent' }))
  const prefix = `test:${randomUUID()}`
  await createPresence(redis, prefix).enter('tenant', salma, 'node')
  const [seconds = 0] = (await redis.publisher.time()).map(Number)
  const [, until] = await redis.publisher.zrange(`${prefix}:presence:tenant`, '0', '-1', 'WITHSCORES')
  expect(Number(until)).toBeGreaterThan((seconds + 30) * 1000)
  expect(Number(until)).toBeLessThanOrEqual((seconds + 46) * 1000)
  const expired = JSON.stringify(['u9', 'Gone', 'node'])
  await redis.publisher.zadd(`${prefix}:presence:tenant`, seconds * 1000 - 1, expired)
  expect(await createPresence(redis, prefix).present('tenant')).toEqual([salma])
  await createPresence(redis, prefix).renew('tenant', [[salma, 'node']])
  expect(await redis.publisher.zcard(`${prefix}:presence:tenant`)).toBe(1)
})

test('a first attempt that fails does not end the process: the next one connects', async () => {
  const { hostname, port } = new URL(inject('servers').redisUrl)
  let refused = 0
  const proxy = createServer(client => {
    if (refused++ < 2) return client.destroy()
    const upstream = connect(Number(port), hostname)
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port: own } = proxy.address() as AddressInfo
  await using redis = await connectRedisPair(`redis://127.0.0.1:${own}`, pino({ level: 'silent' }))
  expect([redis.isReady(), refused > 2]).toEqual([true, true])
  proxy.close()
})
