import type { Redis } from 'ioredis'

/**
 * Who is connected. The realtime nodes keep a row in Redis for each user and node, or user and socket, with the time until which it
 * counts; a node that died leaves rows that expire.
 */

/** @param scope a tenant's id, or a viewed conversation */
export const presenceKey = (prefix: string, scope: string) => `${prefix}:presence:${scope}`

/** The scripts go by Redis's clock: a process whose own clock is wrong neither hides users nor keeps the absent. */
export const PRESENCE_NOW = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
`
/** The rows that have not expired. */
const ROWS_SCRIPT = `${PRESENCE_NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
`

/** The rows of a scope: user id, name, and node or socket. @throws while Redis is away */
export async function presenceRows(redis: Redis, key: string): Promise<[string, string, string][]> {
  const found = (await redis.eval(ROWS_SCRIPT, 1, key)) as string[]
  return found.map(row => JSON.parse(row) as [string, string, string])
}

/** Ids of the users of a tenant who are connected; null while Redis is away: then it is not known. */
export async function connectedUsers(redis: Redis, prefix: string, tenantId: string): Promise<Set<string> | null> {
  if (redis.status !== 'ready') return null
  const rows = await presenceRows(redis, presenceKey(prefix, tenantId)).catch(() => null)
  return rows && new Set(rows.map(([id]) => id))
}
