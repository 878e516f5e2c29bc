import { ApiError } from '#shared/domain/errors.ts'
import { networkOf } from '#shared/http/client-network.ts'
import { authFailures } from '#shared/process/metrics.ts'
import type { GatewayDeps } from '../deps.ts'
import { lockout, refuseLocked } from './lockout.ts'
import { reportLock } from './report-lock.ts'

/**
 * Wrong passwords that one network may give in the window of RATE_LIMIT_AUTH, over all accounts, as a multiple of that limit,
 * which is for one account. Right ones are not counted, so that an office behind one address can sign in.
 */
const WRONG_PER_NETWORK = 3

/**
 * Checks a password within the limits of its network and of its account. The attempt is counted before the check and given back
 * if the password is right, or could not be checked at all.
 * @param check null: the password is wrong @throws ApiError 429 RATE_LIMITED, LOGIN_LOCKED, and what `check` throws
 */
export async function guess<T>(deps: GatewayDeps, who: Guesser, check: () => Promise<T | null>): Promise<T | null> {
  const kind = who.kind ?? 'password'
  try {
    const found = await guessWithin(deps, who, check)
    if (found === null) authFailures.inc({ kind, outcome: 'wrong' })
    return found
  } catch (error) {
    if (error instanceof ApiError && error.status === 429) authFailures.inc({ kind, outcome: 'limited' })
    throw error
  }
}

export interface Guesser {
  email: string
  ip: string
  /** What is guessed; a password by default. */
  kind?: 'password' | 'code'
}

async function guessWithin<T>(deps: GatewayDeps, { email, ip }: Guesser, check: () => Promise<T | null>): Promise<T | null> {
  const { limiter, config } = deps
  const network = `network:${networkOf(ip)}`
  const auth = config.RATE_LIMIT_AUTH
  await limiter.take('auth', network, { ...auth, count: auth.count * WRONG_PER_NETWORK })
  const guard = lockout(deps, email, ip)
  const lock = await guard.attempt()
  if (lock?.hasBegun) reportLock(deps, { email, ip, lock })
  if (lock) refuseLocked(lock)
  try {
    const found = await check()
    if (found !== null) await Promise.all([guard.passed(), limiter.giveBack('auth', network)])
    return found
  } catch (error) {
    await Promise.all([guard.giveBack(), limiter.giveBack('auth', network)])
    throw error
  }
}
