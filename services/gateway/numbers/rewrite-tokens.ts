import { rewriteAccessTokens } from '#shared/auth/client-tokens.ts'
import { rewriteTotpSecrets } from '#shared/auth/second-factor.ts'
import { rewriteSubscriptionSecrets } from '#shared/auth/subscription-secrets.ts'
import type { BackgroundDeps } from './background-deps.ts'

/** Encrypts tokens, and the secrets of second factors and event subscriptions, with the first key of the keyring, for a rotation of keys. @throws Outage */
export async function rewriteTokens({ store, keyring, log }: Pick<BackgroundDeps, 'store' | 'keyring' | 'log'>): Promise<void> {
  const kinds = {
    'access tokens': rewriteAccessTokens,
    'second factors': rewriteTotpSecrets,
    'subscription secrets': rewriteSubscriptionSecrets,
  }
  for (const [what, rewrite] of Object.entries(kinds)) {
    const { total, rewritten, unreadable } = await rewrite(store, keyring)
    if (rewritten > 0) log.info({ total, rewritten, key: keyring.keyIds[0] }, `${what} stored under the first key`)
    if (unreadable > 0) log.error({ total, unreadable, keys: keyring.keyIds }, `${what} that no key opens`)
  }
}
