import type { Redis } from 'ioredis'
import { DAY_MS } from './claims.ts'

/** Somebody whom a number of a portfolio wrote to first. */
export interface FirstWritten {
  contactKey: string
  at: Date
}

/** The people that messaging limits count, as Redis keeps them for 24 h. It may lose them at any time. */
export interface MessagingLimitWindow {
  /** False where it has lost them, or never had them; null while it is away. */
  isKept(): Promise<boolean | null>
  /** Counts them beside those whom it has. @throws Error while Redis is away */
  add(portfolioId: string, people: readonly FirstWritten[]): Promise<void>
  /** From now on it has them all, until it loses its data. @throws Error while Redis is away */
  keep(): Promise<void>
}

/** Arguments of one command. */
const AT_ONCE = 500

export function createMessagingLimitWindow(redis: Redis, prefix: string): MessagingLimitWindow {
  // It goes with the rest when the data goes.
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
