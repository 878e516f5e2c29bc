import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { ApiError } from '#shared/domain/errors.ts'
import type { GatewayConfig } from '../config.ts'
import { type Memo, safePath } from './memo.ts'

const TIMEOUT_S = 10
/** Time for a person to sign in at the provider. */
export const MEMO_TTL_MS = 10 * 60_000

/** The identity provider of the installation. */
export interface Provider {
  issuer: string
  clientId: string
  clientSecret: string
  scopes: string
}

/** @throws ApiError 404 OIDC_OFF on an installation without one */
export function providerOf({ OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_SCOPES }: GatewayConfig): Provider {
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET)
    throw new ApiError(404, 'OIDC_OFF', 'This platform has no sign-in by an identity provider.')
  return { issuer: OIDC_ISSUER, clientId: OIDC_CLIENT_ID, clientSecret: OIDC_CLIENT_SECRET, scopes: OIDC_SCOPES }
}

const known = new Map<string, Promise<Configuration>>()

/** What the provider says of itself, read once. A failure is forgotten, so that the next sign-in asks again. */
async function configurationOf({ issuer, clientId, clientSecret }: Provider): Promise<Configuration> {
  const key = `${issuer} ${clientId} ${clientSecret}`
  // Plain http is for a provider on this machine: production refuses such an issuer.
  const execute = issuer.startsWith('http://') ? [allowInsecureRequests] : []
  const asked = known.get(key) ?? discovery(new URL(issuer), clientId, clientSecret, undefined, { execute, timeout: TIMEOUT_S })
  known.set(key, asked)
  try {
    return await asked
  } catch (error) {
    known.delete(key)
    throw unavailable(error)
  }
}

/** Begins a sign-in: where to send the browser, and what it must bring back. @throws ApiError 503 OIDC_UNAVAILABLE */
export async function beginSignIn(
  provider: Provider,
  { callback, returnTo, now }: { callback: string; returnTo: string | undefined; now: Date },
): Promise<{ url: string; memo: Memo }> {
  const configuration = await configurationOf(provider)
  const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: callback,
    scope: provider.scopes,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  return { url: url.href, memo: { state, nonce, verifier, returnTo: safePath(returnTo), until: now.getTime() + MEMO_TTL_MS } }
}

/**
 * The claims of who signed in: the code is exchanged, and signature, issuer, audience, nonce and state are checked.
 * @param returned the address that the provider sent the browser to @throws ApiError 401 OIDC_REFUSED, 503 OIDC_UNAVAILABLE
 */
export async function claimsOf(
  provider: Provider,
  returned: URL,
  memo: Memo,
): Promise<Record<string, unknown> & { sub: string }> {
  const configuration = await configurationOf(provider)
  try {
    const tokens = await authorizationCodeGrant(configuration, returned, {
      expectedState: memo.state,
      expectedNonce: memo.nonce,
      pkceCodeVerifier: memo.verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (claims !== undefined) return claims
  } catch (error) {
    throw refused(error)
  }
  throw refused()
}

const unavailable = (cause: unknown) =>
  new ApiError(503, 'OIDC_UNAVAILABLE', 'The identity provider cannot be reached. Try again later.', { cause })
const refused = (cause?: unknown) =>
  new ApiError(401, 'OIDC_REFUSED', 'The sign-in at the identity provider was not accepted. Start again.', { cause })
