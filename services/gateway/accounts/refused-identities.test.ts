import pino from 'pino'
import { expect, test } from 'vitest'
import { ApiError } from '#shared/domain/errors.ts'
import type { RateLimiter } from '#shared/http/rate-limit.ts'
import { RefusedIdentities } from './refused-identities.ts'

/** Counts without a window's end. */
function open(count: number) {
  const taken = new Map<string, number>()
  const limiter: RateLimiter = {
    async take(_name, who, quota) {
      taken.set(who, (taken.get(who) ?? 0) + 1)
      if ((taken.get(who) as number) > quota.count)
        throw new ApiError(429, 'RATE_LIMITED', 'Too many.', { headers: { 'retry-after': '900' } })
      return {}
    },
    async giveBack() {},
  }
  const lines: string[] = []
  const log = pino({}, { write: line => void lines.push(line) })
  return { refused: new RefusedIdentities({ limiter, log }, { count, windowMs: 900_000 }), taken, lines }
}

const unknownKey = new ApiError(401, 'UNAUTHENTICATED', 'The key is not valid.')
const tooMany = { status: 429, errorCode: 'RATE_LIMITED', isUnlogged: true }

test('a network is held after too many refusals: nothing is looked up for it any more, and it is logged once', async () => {
  const { refused, taken, lines } = open(3)
  let lookUps = 0
  const guess = () =>
    refused.lookUp('a', () => {
      lookUps++
      return Promise.reject(unknownKey)
    })
  for (let i = 0; i < 3; i++) await expect(guess()).rejects.toBe(unknownKey)
  await expect(guess()).rejects.toMatchObject({ ...tooMany, headers: { 'retry-after': '900' } })
  for (let i = 0; i < 100; i++) await expect(guess()).rejects.toMatchObject(tooMany)
  expect([lookUps, taken.get('a'), lines.length]).toEqual([4, 4, 1])
  expect(await refused.lookUp('b', async () => 'another network')).toBe('another network')
})

test('look-ups at the same moment are bounded before one of them has ended', async () => {
  const { refused } = open(3)
  let end: () => void = () => undefined
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const underWay = Array.from({ length: 3 }, () => refused.lookUp('a', () => ended))
  await expect(refused.lookUp('a', async () => undefined)).rejects.toMatchObject(tooMany)
  end()
  await Promise.all(underWay)
  const outage = new Error('away')
  await expect(refused.lookUp('a', () => Promise.reject(outage))).rejects.toBe(outage)
  expect(await refused.lookUp('a', async () => 'room again')).toBe('room again')
})
