import { createHash } from 'node:crypto'
import { ApiError } from '#shared/domain/errors.ts'
import { networkOf } from '#shared/http/client-network.ts'
import { LocalCounters } from '#shared/http/local-counters.ts'
import { rateLimited } from '#shared/process/metrics.ts'
import type { GatewayDeps } from '../deps.ts'

const PER_ACCOUNT_AND_NETWORK = 10
const PER_ACCOUNT = 50
const LOCK_MS = 15 * 60_000
const MAX_DOUBLINGS = 6
/** Period in which repeated locks get longer. */
const LOCK_HISTORY_MS = 24 * 60 * 60_000

/** Whom a lock keeps out: `network`, the client that guessed; `account`, everybody who tries this account. */
export type LockScope = 'network' | 'account'

export interface Lock {
  scope: LockScope
  leftMs: number
  /** Whether this very attempt began the lock. */
  hasBegun: boolean
}

export interface Lockout {
  /** Counts an attempt before the password is checked, so that concurrent guesses count too. @returns the lock; null: go on */
  attempt(): Promise<Lock | null>
  /** The password was right: the attempts of this network are forgotten. */
  passed(): Promise<void>
  /** The password was not checked: the attempt does not count. */
  giveBack(): Promise<void>
  /** The owner has proved themselves by a link of their administrator: the locks of the account and of this network end. */
  open(): Promise<void>
}

/**
 * Redis script that counts an attempt, first for the network, then for the account: guesses of a locked network do not bring the
 * account nearer to its own lock, and those at a locked account begin no lock of a network. The first attempt above a limit
 * starts a lock; each further lock within a day is twice as long, up to `MAX_DOUBLINGS`.
 * Returns scope (0: none), remaining lock in ms, and whether it has begun now.
 */
const ATTEMPT = `
local function attempt(key, locksKey, allowed)
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('PEXPIRE', key, ARGV[3]) end
  if count <= allowed then return 0 end
  if count == allowed + 1 then
    local locks = redis.call('INCR', locksKey)
    redis.call('PEXPIRE', locksKey, ARGV[5])
    redis.call('PEXPIRE', key, ARGV[3] * 2 ^ math.min(locks - 1, tonumber(ARGV[4])))
    return 1
  end
  return 2
end
local ofNetwork, ofAccount = tonumber(ARGV[1]), tonumber(ARGV[2])
if tonumber(redis.call('GET', KEYS[3]) or '0') > ofAccount then return {2, redis.call('PTTL', KEYS[3]), 0} end
local network = attempt(KEYS[1], KEYS[2], ofNetwork)
if network > 0 then return {1, redis.call('PTTL', KEYS[1]), network == 1 and 1 or 0} end
local account = attempt(KEYS[3], KEYS[4], ofAccount)
if account > 0 then return {2, redis.call('PTTL', KEYS[3]), account == 1 and 1 or 0} end
return {0, 0, 0}
`

/** Takes one from each count that is there. Without one, DECR would make a negative count that never expires. */
const GIVE_BACK = `
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
return 0
`

const local = new LocalCounters()

/**
 * Brute-force protection of one account: 10 attempts lock it for a network (`networkOf`) and 50 for everybody, for 15 minutes and
 * longer each time. Unknown e-mail addresses are treated alike. Counters live in Redis, and in this process while Redis is away.
 */
export function lockout({ redis, store }: Pick<GatewayDeps, 'redis' | 'store'>, email: string, ip: string): Lockout {
  const account = createHash('sha256').update(email).digest('base64url').slice(0, 24)
  // The braces are a Redis hash tag: they keep all keys of an account on one cluster node.
  const everybody = `linko:${store.connection.name}:lock:{${account}}`
  const own = `${everybody}:${networkOf(ip)}`

  return {
    async attempt() {
      const keys = [own, `${own}:locks`, everybody, `${everybody}:locks`]
      const limits = [PER_ACCOUNT_AND_NETWORK, PER_ACCOUNT, LOCK_MS, MAX_DOUBLINGS, LOCK_HISTORY_MS]
      const counted = redis.eval(ATTEMPT, keys.length, ...keys, ...limits) as Promise<[number, number, number]>
      return await counted.then(lockOf, () => attemptLocally(own, everybody))
    },
    async passed() {
      local.forget(own)
      local.giveBack(everybody)
      await Promise.all([redis.del(own, `${own}:locks`), redis.eval(GIVE_BACK, 1, everybody)]).catch(() => undefined)
    },
    async giveBack() {
      for (const key of [own, everybody]) local.giveBack(key)
      await redis.eval(GIVE_BACK, 2, own, everybody).catch(() => undefined)
    },
    async open() {
      for (const key of [own, everybody]) local.forget(key)
      await redis.del(own, `${own}:locks`, everybody, `${everybody}:locks`).catch(() => undefined)
    },
  }
}

/** @throws ApiError 429 LOGIN_LOCKED */
export function refuseLocked({ leftMs }: Lock): never {
  rateLimited.inc({ limit: 'auth' })
  throw new ApiError(429, 'LOGIN_LOCKED', 'Too many failed sign-ins. Try again later.', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(leftMs / 1000))) },
  })
}

const SCOPES = [null, 'network', 'account'] as const

function lockOf([scopeIndex, leftMs, hasBegun]: [number, number, number]): Lock | null {
  const scope = SCOPES[scopeIndex] ?? null
  return scope && { scope, leftMs, hasBegun: hasBegun === 1 }
}

function attemptLocally(own: string, everybody: string): Lock | null {
  rateLimited.inc({ limit: 'fallback' })
  const known = local.peek(everybody)
  if (known.count > PER_ACCOUNT) return { scope: 'account', leftMs: known.leftMs, hasBegun: false }
  return (
    lockAbove('network', PER_ACCOUNT_AND_NETWORK, local.add(own, LOCK_MS)) ??
    lockAbove('account', PER_ACCOUNT, local.add(everybody, LOCK_MS))
  )
}

const lockAbove = (scope: LockScope, allowed: number, { count, leftMs }: { count: number; leftMs: number }): Lock | null =>
  count > allowed ? { scope, leftMs, hasBegun: count === allowed + 1 } : null
