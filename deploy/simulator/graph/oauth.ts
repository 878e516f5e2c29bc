import { type AuthorizedCall, type Call, SUCCESS } from '../call.ts'
import { emitAppUninstalled } from '../control/tokens.ts'
import { isText, textOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { addToken, TOKEN_SCOPES } from '../world/demo.ts'
import { accessToken } from '../world/ids.ts'
import type { Token } from '../world/world.ts'
import { authorize, checkToken, expiryMessage, findToken } from './auth.ts'
import { GraphError } from './errors.ts'

const SIXTY_DAYS_MS = 60 * 86_400_000
/** How much shorter than 60 days a token lives in Meta's answers. */
const LAG_MS = 56_000

/** `GET|POST /oauth/access_token`: exchanges a code, renews a 60-day token, or returns the app's own token. */
export function exchangeToken(call: Call): object {
  checkClient(call)
  const { grant_type: grant } = call.params
  if (grant === 'fb_exchange_token') return renew(call)
  if (grant === 'client_credentials')
    return { access_token: `${call.sim.world.app.id}|${call.sim.world.app.secret}`, token_type: 'bearer' }
  return exchangeCode(call)
}

function checkClient({ sim, params }: Call): void {
  const { app } = sim.world
  if (params.client_id === undefined) throw new GraphError(101, { status: 400, message: 'Missing client_id parameter.' })
  if (String(params.client_id) !== app.id) {
    throw new GraphError(101, {
      status: 400,
      message: 'Error validating application. Cannot get application info due to a system error.',
    })
  }
  if (params.client_secret !== app.secret) throw new GraphError(1, { status: 400, message: 'Error validating client secret.' })
}

/** A code is valid for 30 s, once, and only with the redirect URI for which it was issued. */
function exchangeCode({ sim, params }: Call): object {
  const text = textOf(params.code)
  if (text === undefined) throw new GraphError(1, { status: 400, message: 'Missing authorization code' })
  const code = sim.world.codes.get(text)
  if (!code) throw new GraphError(100, { message: 'Invalid verification code format.' })
  if (code.used) throw new GraphError(100, { subcode: 36009, message: 'This authorization code has been used.' })
  if (code.expiresAt <= sim.now()) throw new GraphError(100, { subcode: 36007, message: 'This authorization code has expired.' })
  if ((textOf(params.redirect_uri) ?? null) !== code.redirectUri) {
    const message =
      'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request'
    throw new GraphError(100, { subcode: 36008, message })
  }
  code.used = true
  return issue(sim, code.wabaIds, code.tokenLifetimeMs, code.scopes)
}

/** Issues a new token for 60 days. The old one keeps its expiry; an expired one cannot be renewed. */
function renew({ sim, params }: Call): object {
  const old = findToken(sim.world, String(params.fb_exchange_token))
  if (!old) throw new GraphError(190)
  checkToken(old, sim.now(), sim.world.app.id)
  return issue(sim, old.wabaIds, SIXTY_DAYS_MS, old.scopes)
}

function issue(sim: Simulation, wabaIds: string[] | null, lifetimeMs: number, scopes = TOKEN_SCOPES): object {
  const token = accessToken()
  const expiresAt = lifetimeMs === 0 ? 0 : sim.now() + lifetimeMs - LAG_MS
  addToken(sim.world, { token, wabaIds, expiresAt, scopes }, sim.now())
  const expires_in = Math.round((expiresAt - sim.now()) / 1000)
  return { access_token: token, token_type: 'bearer', ...(expiresAt !== 0 && { expires_in }) }
}

/** `GET /debug_token`: describes a token. A bad one is answered with 200 and `is_valid` false. */
export function debugToken({ sim, params }: AuthorizedCall): object {
  if (!isText(params.input_token)) throw new GraphError(100, { message: '(#100) The parameter input_token is required' })
  const { app } = sim.world
  const token = findToken(sim.world, params.input_token)
  if (!token) {
    const error = { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' }
    return { data: { error, is_valid: false, scopes: [] } }
  }
  const about = { app_id: token.appId ?? app.id, type: token.type, application: app.name }
  const error = problemOf(token, sim.now(), app.id)
  const expires_at = Math.floor(token.expiresAt / 1000)
  if (error) return { data: { ...about, error, expires_at, is_valid: false, scopes: [] } }
  return {
    data: {
      ...about,
      data_access_expires_at: 0,
      expires_at,
      is_valid: true,
      issued_at: Math.floor(token.issuedAt / 1000),
      scopes: token.scopes,
      granular_scopes: granularScopes(token),
      user_id: token.userId,
    },
  }
}

function problemOf(token: Token, now: number, appId: string): object | null {
  try {
    checkToken(token, now, appId)
    return null
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    const isExpired = error.options.subcode === 463 && token.expiresAt !== 0 && token.expiresAt <= now
    const message = isExpired ? expiryMessage(token.expiresAt) : error.message
    return { code: error.code, message, subcode: error.options.subcode }
  }
}

/** Scopes with their WABAs, newest first. The token of a plain system user has no ids, which means all WABAs. */
function granularScopes({ scopes, wabaIds }: Token) {
  const own = scopes.filter(scope => scope.startsWith('whatsapp_business_'))
  return own.map(scope => ({ scope, ...(wabaIds && { target_ids: wabaIds }) }))
}

/** `GET /oauth/revoke`: revokes the token in `revoke_token`. */
export function revokeToken(call: Call): object {
  checkClient(call)
  const token = call.sim.world.tokens.get(String(call.params.revoke_token))
  if (!token) throw new GraphError(190)
  token.refused = { code: 190, subcode: 458 }
  return SUCCESS
}

/** `DELETE /me/permissions`: revokes the calling token and emits that the app was removed. */
export function deletePermissions(call: Call): object {
  const { token, sim } = authorize(call)
  token.refused = { code: 190, subcode: 458 }
  for (const wabaId of token.wabaIds ?? []) emitAppUninstalled(sim, wabaId)
  return SUCCESS
}

/** `GET /me`. */
export function getMe(call: Call): object {
  const { token, sim } = authorize(call)
  return token.type === 'APP'
    ? { id: sim.world.app.id, name: sim.world.app.name }
    : { id: token.userId, name: 'Linko Sim System User' }
}

/** `POST /{portfolio}/system_user_access_tokens` of Hosted Embedded Signup: issues the customer's token without a dialog. */
export function customerToken({ sim, params }: AuthorizedCall, portfolioId: string): object {
  if (textOf(params.appsecret_proof) === undefined) {
    throw new GraphError(100, {
      message: 'API calls from the server require an appsecret_proof argument',
      type: 'GraphMethodException',
    })
  }
  const wabaIds = [...sim.world.wabas.values()].filter(waba => waba.portfolioId === portfolioId).map(({ id }) => id)
  const known = [...sim.world.tokens.values()].find(token => token.wabaIds?.some(id => wabaIds.includes(id)) && !token.refused)
  if (known && String(params.fetch_only) === 'true') return { access_token: known.token }
  return issue(sim, wabaIds, 0)
}
