import { z } from 'zod'
import { describeError } from '../domain/messages/send-errors.ts'
import type { TokenFacts } from '../domain/numbers/token-health.ts'
import type { GraphResult, MetaClient, Refused } from './client.ts'

/** Our app at Meta, which may inspect and renew the tokens issued to it. */
export interface MetaApp {
  id: string
  secret: string
}

const stamp = z.coerce.number().int().nonnegative().nullish().catch(null)
const DebugToken = z.object({
  is_valid: z.boolean(),
  app_id: z.coerce.string().nullish().catch(null),
  granular_scopes: z
    .array(z.object({ scope: z.string(), target_ids: z.array(z.coerce.string()).nullish().catch(null) }))
    .nullish()
    .catch(null),
  expires_at: stamp,
  data_access_expires_at: stamp,
  scopes: z.array(z.string()).nullish().catch(null),
  error: z
    .object({ code: z.number().nullish(), subcode: z.number().nullish(), message: z.string().nullish() })
    .nullish()
    .catch(null),
})

/** State of a token, with the app that it was issued to and the accounts that it gives access to. */
export interface TokenDetails extends TokenFacts {
  appId: string | null
  /** Newest first; null: all accounts of the portfolio, as for the token of a plain system user. */
  wabaIds: string[] | null
}

/** Asks Meta about a token; without an app the token asks about itself. */
export function askAboutToken(meta: MetaClient, app: MetaApp | null, token: string): Promise<GraphResult> {
  const asking = app === null ? token : appToken(app)
  return meta.graph.get('debug_token', { token: asking, query: { input_token: token } })
}

/** Reads the answer to `askAboutToken`; null when it is none. */
export function readToken({ data }: Record<string, unknown>): TokenDetails | null {
  const read = DebugToken.safeParse(data).data
  return read === undefined ? null : { ...factsOf(read), appId: read.app_id ?? null, wabaIds: wabaIdsOf(read) }
}

function wabaIdsOf({ granular_scopes: scopes }: z.infer<typeof DebugToken>): string[] | null {
  return scopes?.find(({ scope }) => scope === 'whatsapp_business_management')?.target_ids ?? null
}

/**
 * Present state of a token. Null when it cannot be determined: Meta is not available, limits us, or does not know our app.
 * Without an app the token inspects itself. @see https://developers.facebook.com/docs/graph-api/reference/debug_token
 */
export async function inspectToken(meta: MetaClient, app: MetaApp | null, token: string): Promise<TokenFacts | null> {
  const result = await askAboutToken(meta, app, token)
  if (result.kind === 'refused') return app === null ? refusedItself(result) : null
  return result.kind === 'ok' ? readToken(result.data) : null
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

/** State of a token whose inspection was refused: invalid if the token was refused; null for a limit or a fault. */
function refusedItself({ error }: Refused): TokenFacts | null {
  const { class: kind, scope, code, subcode, detail } = describeError(error)
  if (kind !== 'PAUSE' || scope !== 'token') return null
  const problem = { code, subcode, text: detail }
  return { isValid: false, expiresAt: null, dataAccessExpiresAt: null, scopes: [], problem }
}

/** Exchanges a valid token for a new one of 60 days; the old one keeps its expiry. Null when Meta gives none. */
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

/** The app's own token. */
export const appToken = ({ id, secret }: MetaApp) => `${id}|${secret}`
/** Date of a timestamp in seconds; null for 0, which means never. */
const dateOf = (seconds: number | null | undefined) => (seconds ? new Date(seconds * 1000) : null)
