import type { Simulation } from '../simulation.ts'
import { emitForWaba } from '../webhooks/emit.ts'
import { addToken, TOKEN_SCOPES } from '../world/demo.ts'
import { accessToken, oauthCode } from '../world/ids.ts'
import type { Token } from '../world/world.ts'

export interface TokenRequest extends Partial<Omit<Token, 'token'>> {
  token?: string
}

const CODE_MS = 30_000
const TOKEN_MS = 60 * 86_400_000

/** Valid tokens with the numbers that they give access to, one row per WABA, so that a client can begin with them. */
export function listTokens({ world, now }: Simulation) {
  const valid = [...world.tokens.values()].filter(token => !token.refused && (token.expiresAt === 0 || token.expiresAt > now()))
  const data = valid.flatMap(({ token, wabaIds }) =>
    (wabaIds ?? [...world.wabas.keys()]).map(wabaId => ({ token, wabaId, phoneNumberIds: numbersOf(wabaId) })),
  )
  return { data }

  function numbersOf(wabaId: string): string[] {
    return [...world.numbers.values()].filter(number => number.wabaId === wabaId).map(({ id }) => id)
  }
}

/** Adds or replaces a token. */
export function putToken({ world, now }: Simulation, request: TokenRequest): { token: string } {
  const token = request.token ?? accessToken()
  addToken(world, { ...request, token }, now())
  return { token }
}

/** Makes a token fail: as revoked (190/460) by default, as expired (190/463), or with another code. @throws Error if unknown */
export function refuseToken(
  sim: Simulation,
  text: string,
  refusal: { code?: number; subcode?: number; expired?: boolean; notify?: boolean } = {},
) {
  const token = sim.world.tokens.get(text)
  if (!token) throw new Error('token is not a token of this simulator.')
  const { code = 190, subcode, expired, notify } = refusal
  if (expired) token.expiresAt = sim.now() - 1000
  else token.refused = { code, subcode: subcode ?? (code === 190 ? 460 : undefined) }
  if (notify) for (const wabaId of token.wabaIds ?? []) emitAppUninstalled(sim, wabaId)
  return { success: true }
}

/** Emits `PARTNER_APP_UNINSTALLED`, as Meta does when a customer removes the app. */
export function emitAppUninstalled(sim: Simulation, wabaId: string): void {
  const owner = sim.world.wabas.get(wabaId)?.portfolioId
  const waba_info = { waba_id: wabaId, owner_business_id: owner, partner_app_id: sim.world.app.id }
  emitForWaba(sim, wabaId, 'account_update', { event: 'PARTNER_APP_UNINSTALLED', waba_info }, sim.world.app.portfolioId)
}

/** Issues a sign-up code like the dialog's: valid for 30 s and for one exchange. */
export function issueCode(
  { world, now }: Simulation,
  request: { wabaIds: string[]; redirectUri?: string | null; tokenLifetimeMs?: number; code?: string; scopes?: string[] },
): { code: string } {
  const code = request.code ?? oauthCode()
  world.codes.set(code, {
    wabaIds: request.wabaIds,
    scopes: request.scopes ?? TOKEN_SCOPES,
    redirectUri: request.redirectUri ?? null,
    tokenLifetimeMs: request.tokenLifetimeMs ?? TOKEN_MS,
    expiresAt: now() + CODE_MS,
    used: false,
  })
  return { code }
}
