import { z } from 'zod'
import { describeError } from '../domain/messages/send-errors.ts'
import type { TokenFacts } from '../domain/numbers/token-health.ts'
import type { MetaClient, Refused } from './client.ts'

/** Our app at Meta: it may ask about the tokens that were given to it, and renew them. */
export interface MetaApp {
  id: string
  secret: string
}

const stamp = z.coerce.number().int().nonnegative().nullish().catch(null)
const DebugToken = z.object({
  is_valid: z.boolean(),
  expires_at: stamp,
  data_access_expires_at: stamp,
  scopes: z.array(z.string()).nullish().catch(null),
  error: z
    .object({ code: z.number().nullish(), subcode: z.number().nullish(), message: z.string().nullish() })
    .nullish()
    .catch(null),
})

/**
 * What a token is worth now. Null when that cannot be told: Meta is away, limits us, or does not know our app. Without an app
 * the token is asked about itself. @see https://developers.facebook.com/docs/graph-api/reference/debug_token
 */
export async function inspectToken(meta: MetaClient, app: MetaApp | null, token: string): Promise<TokenFacts | null> {
  const asking = app === null ? token : appToken(app)
  const result = await meta.graph.get('debug_token', { token: asking, query: { input_token: token } })
  if (result.kind === 'refused') return app === null ? refusedItself(result) : null
  if (result.kind !== 'ok') return null
  const { data } = DebugToken.safeParse(result.data.data)
  return data === undefined ? null : factsOf(data)
}

function factsOf(data: z.infer<typeof DebugToken>): TokenFacts {
  const { code = null, subcode = null, message = null } = data.error ?? {}
  return {
    isValid: data.is_valid,
    expiresAt: dateOf(data.expires_at),
    dataAccessExpiresAt: dateOf(data.data_access_expires_at),
    scopes: data.scopes ?? [],
    problem: data.is_valid ? null : { code, subcode, text: message },
  }
}

/** A token that may not even be shown is no valid one; a limit or a fault says nothing about it. */
function refusedItself({ error }: Refused): TokenFacts | null {
  const { class: kind, scope, code, subcode, detail } = describeError(error)
  if (kind !== 'PAUSE' || scope !== 'token') return null
  const problem = { code, subcode, text: detail }
  return { isValid: false, expiresAt: null, dataAccessExpiresAt: null, scopes: [], problem }
}

/** A new token of 60 days for one that still works; the old one keeps its own end. Null when Meta gives none. */
export async function renewToken(meta: MetaClient, app: MetaApp, token: string): Promise<string | null> {
  const query = {
    grant_type: 'fb_exchange_token',
    client_id: app.id,
    client_secret: app.secret,
    set_token_expires_in_60_days: 'true',
    fb_exchange_token: token,
  }
  const result = await meta.graph.get('oauth/access_token', { token: appToken(app), query })
  const renewed = result.kind === 'ok' ? result.data.access_token : null
  return typeof renewed === 'string' && renewed !== '' ? renewed : null
}

const appToken = ({ id, secret }: MetaApp) => `${id}|${secret}`
/** Seconds; 0 = never. */
const dateOf = (seconds: number | null | undefined) => (seconds ? new Date(seconds * 1000) : null)
