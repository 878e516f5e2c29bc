import type { Redis } from 'ioredis'
import { DAY_MS } from './claims.ts'

/** A person whom a number of the portfolio wrote to first. */
export interface FirstWritten {
  contactKey: string
  at: Date
}

/** People counted by the messaging limits, stored in Redis for 24 h. Redis may lose them at any time. */
export interface MessagingLimitWindow {
  /** False if Redis has lost the data or never had it; null while Redis is away. */
  isKept(): Promise<boolean | null>
  /** Adds people to those already counted. @throws Error while Redis is away */
  add(portfolioId: string, people: readonly FirstWritten[]): Promise<void>
  /** Marks the data as complete until Redis loses it. @throws Error while Redis is away */
  keep(): Promise<void>
}

/** Number of people in one command. */
const AT_ONCE = 500

export function createMessagingLimitWindow(redis: Redis, prefix: string): MessagingLimitWindow {
  // The marker is lost together with the data.
  const mark = `${prefix}:q-kept`
  return {
    async isKept() {
      if (redis.status !== 'ready') return null
      return (await redis.exists(mark).catch(() => null)) === 1
    },
    async add(portfolioId, people) {
      const key = `${prefix}:q:${portfolioId}`
      for (let i = 0; i < people.length; i += AT_ONCE) {
        const some = people.slice(i, i + AT_ONCE)
        await redis.zadd(key, 'NX', ...some.flatMap(({ contactKey, at }) => [at.getTime(), contactKey]))
      }
      if (people.length > 0) await redis.pexpire(key, DAY_MS)
    },
    async keep() {
      await redis.set(mark, '1')
    },
  }
}
