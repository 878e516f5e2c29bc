import { randomUUID } from 'node:crypto'
import { rewriteAccessTokens } from '#shared/auth/client-tokens.ts'
import { loop } from '#shared/process/loop.ts'
import { holdLease } from '#shared/store/leases.ts'
import type { BackgroundDeps } from './numbers/background-deps.ts'
import { createHealthChecks } from './numbers/check-health.ts'
import { createTokenChecks } from './numbers/check-tokens.ts'
import { createTemplateSync } from './templates/sync.ts'

const LEASE_MS = 15_000
/** How often the rows are asked what is due: a resumed number is looked at within it. */
const ROUND_MS = 5000
/** A sync that somebody asked for begins within it. */
const SYNC_ROUND_MS = 1000
const REWRITE_MS = 3_600_000

/** Stores tokens under the first key that are under another: at the start of a leader, then hourly. */
export function createRotation({ store, keyring, log }: Pick<BackgroundDeps, 'store' | 'keyring' | 'log'>) {
  let doneAt = Number.NEGATIVE_INFINITY
  return async function rotate(): Promise<void> {
    if (performance.now() - doneAt < REWRITE_MS) return
    const { total, rewritten, unreadable } = await rewriteAccessTokens(store, keyring)
    doneAt = performance.now()
    if (rewritten > 0) log.info({ total, rewritten, key: keyring.keyIds[0] }, 'access tokens stored under the first key')
    if (unreadable > 0) log.error({ total, unreadable, keys: keyring.keyIds }, 'access tokens that no key opens')
  }
}

/** Cares for numbers, their tokens and templates, in one gateway at a time. */
export async function startBackground(deps: BackgroundDeps): Promise<AsyncDisposable> {
  const { store, log } = deps
  await using stack = new AsyncDisposableStack()
  const lease = stack.use(await holdLease(store, { name: 'gateway:care', owner: randomUUID(), ttlMs: LEASE_MS, log }))
  const options = { when: () => lease.isHeld(), log }
  stack.use(loop('token rotation', ROUND_MS, createRotation(deps), options))
  stack.use(loop('tokens', ROUND_MS, createTokenChecks(deps).check, options))
  stack.use(loop('health of numbers', ROUND_MS, createHealthChecks(deps).check, options))
  // A sync of many pages stops between two of them.
  const stop = new AbortController()
  const mayGoOn = () => lease.isHeld() && !stop.signal.aborted
  stack.use(loop('templates', SYNC_ROUND_MS, createTemplateSync(deps, mayGoOn).check, options))
  stack.defer(() => stop.abort())
  return stack.move()
}
