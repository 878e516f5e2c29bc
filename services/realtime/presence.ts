import type { SocketUser } from '#shared/contracts/socket-events.ts'
import type { RedisPair } from './redis.ts'

/** Who is here, over all nodes: a row per user and node (or socket) that ends by itself when its node dies. */
export interface Presence {
  /** True when nobody saw this user before. */
  enter(place: string, user: SocketUser, member: string): Promise<boolean>
  /** True when this was the user's last. */
  leave(place: string, user: SocketUser, member: string): Promise<boolean>
  present(place: string): Promise<SocketUser[]>
  /** They are still here. */
  renew(place: string, rows: [user: SocketUser, member: string][]): Promise<void>
}

const TTL_MS = 45_000
const ANSWER_MS = 500

/** @param prefix keeps two installations on one Redis apart. Without Redis the answers are empty, never an error. */
export function createPresence({ publisher: redis, isReady }: RedisPair, prefix: string): Presence {
  const key = (place: string) => `${prefix}:presence:${place}`
  const entry = (user: SocketUser, member: string) => JSON.stringify([user.id, user.name, member])

  async function rows(place: string): Promise<[string, string, string][]> {
    if (!isReady()) return []
    const found = await answered(redis.zrangebyscore(key(place), Date.now(), '+inf'), [])
    return found.map(row => JSON.parse(row) as [string, string, string])
  }

  async function renew(place: string, here: [SocketUser, string][]): Promise<void> {
    if (!isReady()) return
    const until = Date.now() + TTL_MS
    const entries = new Set(here.map(([user, member]) => entry(user, member)))
    const writes = redis
      .multi()
      .zadd(key(place), ...[...entries].flatMap(row => [until, row]))
      .zremrangebyscore(key(place), 0, Date.now())
      .pexpire(key(place), TTL_MS)
    await answered(writes.exec(), null)
  }

  return {
    renew,
    async enter(place, user, member) {
      if (!isReady()) return false
      const before = await rows(place)
      await renew(place, [[user, member]])
      return !before.some(([id]) => id === user.id)
    },
    async leave(place, user, member) {
      if (!isReady()) return false
      await answered(redis.zrem(key(place), entry(user, member)), 0)
      return !(await rows(place)).some(([id]) => id === user.id)
    },
    async present(place) {
      return [...new Map((await rows(place)).map(([id, name]) => [id, { id, name }])).values()]
    },
  }
}

/** A Redis that is away must hold up nobody. */
async function answered<T>(work: Promise<T>, otherwise: T): Promise<T> {
  const late = new Promise<T>(resolve => setTimeout(resolve, ANSWER_MS, otherwise).unref())
  return Promise.race([work.catch(() => otherwise), late])
}
