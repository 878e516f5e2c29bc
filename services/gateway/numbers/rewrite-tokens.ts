import { rewriteAccessTokens } from '#shared/auth/client-tokens.ts'
import type { BackgroundDeps } from './background-deps.ts'

/** Encrypts tokens with the first key of the keyring, for a rotation of keys. @throws Outage */
export async function rewriteTokens({ store, keyring, log }: Pick<BackgroundDeps, 'store' | 'keyring' | 'log'>): Promise<void> {
  const { total, rewritten, unreadable } = await rewriteAccessTokens(store, keyring)
  if (rewritten > 0) log.info({ total, rewritten, key: keyring.keyIds[0] }, 'access tokens stored under the first key')
  if (unreadable > 0) log.error({ total, unreadable, keys: keyring.keyIds }, 'access tokens that no key opens')
}
