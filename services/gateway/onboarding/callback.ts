import { z } from 'zod'
import { keyMay } from '#shared/auth/api-keys.ts'
import { can } from '#shared/auth/policy.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Reply, RouteRequest } from '#shared/http/route.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import { findActiveUser, findLiveKey } from '#shared/store/accounts/initiators.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findReturning, leaveDialog } from '#shared/store/numbers/connections.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { shownPhone } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { onboardingDeps, seal } from './deps.ts'
import { runConnection } from './run.ts'
import { checkState, connectionIdIn } from './state.ts'
import { connectionFailed } from './view.ts'

/** Time in which the answer to the dialog's return is given; the background goes on with what takes longer. */
export const REQUEST_MS = 20_000

/**
 * What Meta brings back; what it may add is ignored. The bounds keep all of it, escaped, within the 16 KiB that the head of a request
 * may have: a longer one is refused by the connection alone.
 */
export const CallbackQuery = z.object({
  code: z
    .string()
    .max(3072)
    .regex(/^[\x21-\x7e]*$/, 'A code has no other than visible ASCII characters.')
    .optional(),
  state: z.string().max(256).optional(),
  error: z.string().max(200).optional(),
})

type Returned = RouteRequest<unknown, z.infer<typeof CallbackQuery>, unknown>

/**
 * The return of a sign-up dialog. Nobody is signed in here: the `state` says which connection it is for, and works once. A browser is
 * sent on to the dashboard, whoever asks for JSON gets it.
 * @throws ApiError 400 STATE_INVALID; with JSON also 400 STATE_USED, STATE_EXPIRED, SIGNUP_CANCELLED, 403, 422 CONNECTION_FAILED
 */
export async function returnFromDialog(request: Returned, deps: GatewayDeps): Promise<Reply> {
  const { state = '' } = request.query
  const id = connectionIdIn(state)
  const connection = id === null ? null : await findReturning(deps.store, id)
  const verdict = connection === null ? 'forged' : checkState(state, connection, deps.config.JWT_SECRET)
  // Somebody else's address leads nowhere, not even to the dashboard.
  if (connection === null || verdict === 'forged')
    throw new ApiError(400, 'STATE_INVALID', 'This sign-up was not begun here. Begin again on the page of your numbers.')
  const finish = async () => {
    if (verdict === 'used')
      throw new ApiError(400, 'STATE_USED', 'This sign-up has returned before. Begin again for another one.')
    return await finishDialog(request, deps, connection)
  }
  return await asTenant(connection.tenantId, () => answered(request, deps, connection, finish))
}

/** Answers as the caller asks: JSON as it is; a browser gets a redirect for failures as well. */
async function answered(
  request: Returned,
  deps: GatewayDeps,
  connection: ConnectionDoc,
  finish: () => Promise<ConnectionDoc>,
): Promise<Reply> {
  if (wantsJson(request)) return jsonReply(await finish())
  try {
    const finished = await finish()
    if (finished.state === 'FAILED') throw connectionFailed(finished)
    return redirect(deps, connection, { status: finished.state === 'DONE' ? 'success' : 'pending' })
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    const { step } = error.extra
    return redirect(deps, connection, { status: 'error', code: error.errorCode, ...(typeof step === 'string' && { step }) })
  }
}

const wantsJson = ({ headers: { accept = '' } }: Returned) => accept.includes('json') && !accept.includes('text/html')

/**
 * The redirect goes to the configured dashboard and nowhere else. It does not part the popup from the page that opened it, which hears
 * of the return: browsers apply the policy of each response on the way.
 */
function redirect({ config }: GatewayDeps, { _id }: ConnectionDoc, outcome: Record<string, string>): Reply {
  const base = (config.DASHBOARD_URL ?? config.BASE_URL).replace(/\/+$/, '')
  const query = new URLSearchParams({ connection: String(_id), ...outcome })
  return { status: 302, headers: { location: `${base}/numbers?${query}`, 'cross-origin-opener-policy': 'unsafe-none' } }
}

function jsonReply(connection: ConnectionDoc): Reply {
  if (connection.state === 'FAILED') throw connectionFailed(connection)
  const [number] = connection.numbers
  if (connection.state === 'RUNNING' || number === undefined)
    return { status: 202, body: { success: false, status: 'PENDING', connectionId: String(connection._id) } }
  const client = { phoneNumberId: number.phoneNumberId, whatsappNumber: shownPhone(number.whatsappNumber) }
  return { body: { success: true, client } }
}

async function finishDialog(request: Returned, deps: GatewayDeps, connection: ConnectionDoc): Promise<ConnectionDoc> {
  const own = onboardingDeps(deps)
  const now = deps.now()
  if ((connection.expiresAt?.getTime() ?? 0) <= now.getTime()) {
    await leaveDialog(deps.store, connection, { state: 'EXPIRED', endedAt: now })
    throw new ApiError(400, 'STATE_EXPIRED', 'The sign-up took longer than ten minutes. Begin again.')
  }
  const { code, error } = request.query
  if (error !== undefined || code === undefined || code === '') {
    await leaveDialog(deps.store, connection, { state: 'CANCELLED', endedAt: now })
    throw new ApiError(400, 'SIGNUP_CANCELLED', 'The sign-up was cancelled in Meta’s dialog. Nothing was connected.')
  }
  await requireStillAllowed(deps, connection)
  const begun = { state: 'RUNNING' as const, code: seal(own.keyring, connection, 'code', code), nextAt: now }
  const taken = await leaveDialog(deps.store, connection, begun)
  if (taken === null) throw new ApiError(400, 'STATE_USED', 'This sign-up has returned before. Begin again for another one.')
  return await runConnection(own, taken, REQUEST_MS)
}

/** Whoever began must still be allowed to connect numbers when the dialog returns. @throws ApiError 403 */
async function requireStillAllowed({ store, now }: GatewayDeps, { actor, tenantId }: ConnectionDoc): Promise<void> {
  const user = actor.kind === 'user' ? await findActiveUser(store, actor) : null
  const key = actor.kind === 'apiKey' ? await findLiveKey(store, tenantId, actor, now()) : null
  const isHome = user?.tenantId.equals(tenantId) === true || (user !== null && can(user.role, 'tenants.any'))
  const mayUser = user !== null && isHome && can(user.role, 'clients.connect')
  const isActive = (await getTenant(store, tenantId)).status === 'active'
  if (isActive && (mayUser || (key !== null && keyMay(key, 'clients.connect')))) return
  throw new ApiError(403, 'FORBIDDEN', 'Whoever began this sign-up may not connect numbers any more.')
}
