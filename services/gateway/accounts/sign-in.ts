import { bcryptCostOf } from '#shared/auth/bcrypt.ts'
import { checkSignIn, hashPassword } from '#shared/auth/passwords.ts'
import { factorInForce } from '#shared/auth/second-factor.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findBcryptHash, findUserByEmail, replacePasswordHash } from '#shared/store/accounts/users.ts'
import { perStore } from '#shared/store/per-store.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'
import { checkCode } from '../second-factor/check.ts'
import { guess } from './guess.ts'

interface Credentials {
  email: string
  password: string
  /** Of the second factor, or a recovery code. */
  code?: string | undefined
  ip: string
}

/**
 * The user who has this address and password, and the second factor if they have set one up, if they and their tenant are active.
 * Wrong codes count like wrong passwords.
 * @throws ApiError 401 LOGIN_FAILED, CODE_REQUIRED, CODE_WRONG, 429 RATE_LIMITED or LOGIN_LOCKED, 503 SIGN_IN_BUSY
 */
export async function signIn(deps: GatewayDeps, { email, password, code, ip }: Credentials): Promise<UserDoc> {
  requirePasswords(deps.config)
  const address = email.trim().toLowerCase()
  let isCodeWrong = false
  const user = await guess(deps, { email: address, ip, kind: code === undefined ? 'password' : 'code' }, async () => {
    const found = await verified(deps, address, password)
    if (found === null || factorInForce(found) === null) return found
    if (code === undefined)
      throw new ApiError(401, 'CODE_REQUIRED', 'Give the code of your authenticator app, or a recovery code, as `code`.')
    isCodeWrong = !(await checkCode(deps, found, code))
    return isCodeWrong ? null : found
  })
  if (user !== null) return user
  if (isCodeWrong) throw new ApiError(401, 'CODE_WRONG', 'The code is wrong, or was used already.')
  throw new ApiError(401, 'LOGIN_FAILED', 'The e-mail address or password is wrong.')
}

/** @throws ApiError 403 PASSWORD_SIGN_IN_OFF on an installation whose people sign in by an identity provider alone */
export function requirePasswords({ PASSWORD_SIGN_IN }: Pick<GatewayDeps['config'], 'PASSWORD_SIGN_IN'>): void {
  if (!PASSWORD_SIGN_IN)
    throw new ApiError(403, 'PASSWORD_SIGN_IN_OFF', 'This platform has no passwords. Sign in by the identity provider.')
}

/** The user, if the password is right and both user and tenant are active. Computes the same hashes for an unknown address. */
async function verified({ store, log }: GatewayDeps, email: string, password: string): Promise<UserDoc | null> {
  const [found, bcryptCost] = await Promise.all([findUserByEmail(store, email), bcryptCostIn(store)])
  const user = found === null || found.deletedAt ? null : found
  const { ok, needsRehash } = await checkSignIn(user?.passwordHash ?? null, password, bcryptCost)
  if (user === null || !ok || user.status !== 'active') return null
  if (!(await isAllowedIn(store, user))) return null
  if (needsRehash) await rehash({ store, log }, user, password)
  return user
}

/** Replaces an outdated hash. The sign-in is right without it: what fails is done at the next one. */
async function rehash({ store, log }: Pick<GatewayDeps, 'store' | 'log'>, user: UserDoc, password: string): Promise<void> {
  try {
    await replacePasswordHash(store, user, await hashPassword(password))
  } catch (error) {
    log.warn({ err: error, userId: String(user._id) }, 'password not hashed anew')
  }
}

/** Whether a user's tenant lets its people in. */
export const isAllowedIn = async (store: GatewayDeps['store'], user: UserDoc) =>
  user.role === 'platform_admin' || (await getTenant(store, user.tenantId)).status === 'active'

/** How long it is believed whether the platform has bcrypt hashes, and of which cost. */
const COST_TTL_MS = 10 * 60_000
const costsOf = perStore(() => new TtlCache<'cost', { cost: number | null }>(1))

/** Cost of the bcrypt hashes that users still have from a former system, which has made them alike; null without any. */
async function bcryptCostIn(store: GatewayDeps['store']): Promise<number | null> {
  const known = costsOf(store).get('cost')
  if (known) return known.cost
  const hash = await findBcryptHash(store)
  const cost = hash === null ? null : bcryptCostOf(hash)
  costsOf(store).set('cost', { cost }, COST_TTL_MS)
  return cost
}
