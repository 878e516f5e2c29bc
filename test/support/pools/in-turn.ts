import type { Redis } from 'ioredis'

/** Longer than any test: what a killed worker had comes back after it. */
const LEASE_MS = 3 * 3_600_000

export interface Lease {
  name: string
  /** Whether a test had it before. */
  isUsed: boolean
  release(redis: Redis): Promise<void>
}

/** One of the names that no running test of any process has, in turn; null while all are taken. @param pool of the names */
export async function leaseInTurn(redis: Redis, pool: string, names: readonly string[]): Promise<Lease | null> {
  const turn = await redis.incr(`${pool}:turn`)
  for (let i = 0; i < names.length; i++) {
    const name = names[(turn + i) % names.length] as string
    if ((await redis.set(`${pool}:lease:${name}`, turn, 'PX', LEASE_MS, 'NX')) === null) continue
    return {
      name,
      isUsed: (await redis.sadd(`${pool}:used`, name)) === 0,
      release: async later => void (await later.del(`${pool}:lease:${name}`)),
    }
  }
  return null
}
