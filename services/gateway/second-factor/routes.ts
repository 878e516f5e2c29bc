import { z } from 'zod'
import { enrolment, factorInForce, newRecoveryCodes, newTotpSecret, sealTotpSecret, stepOf } from '#shared/auth/second-factor.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  replaceRecoveryCodes,
} from '#shared/store/accounts/second-factors.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { getUser } from '#shared/store/accounts/users.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { guess } from '../accounts/guess.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireOther, requireRank } from '../people/rules.ts'
import { IdParams } from '../schemas.ts'
import { checkCode, secretOf } from './check.ts'

const tag = 'auth'
const path = '/api/v1/auth/second-factor'
const ISSUER = 'Linko'
const Code = z.strictObject({ code: z.string().trim().min(6).max(40).describe('Of the authenticator app, or a recovery code') })
const RecoveryCodes = z.object({
  recoveryCodes: z.array(z.string()).describe('Each signs in once in place of a code. They are shown in this one answer'),
})

const read = route({
  method: 'get',
  path,
  action: 'session.read',
  tag,
  summary: 'Get the state of your second factor',
  returns: z.object({
    isInForce: z.boolean(),
    isRequired: z.boolean().describe('Whether your company asks for one'),
    recoveryCodesLeft: z.number().int(),
  }),
  handle: (request, deps: GatewayDeps) =>
    withUser(request, deps, async user => {
      const factor = factorInForce(user)
      const { settings } = await getTenant(deps.store, user.tenantId)
      const body = {
        isInForce: factor !== null,
        isRequired: settings.requireSecondFactor ?? false,
        recoveryCodesLeft: factor?.recoveryHashes.length ?? 0,
      }
      return { body }
    }),
})

const begin = route({
  method: 'post',
  path,
  action: 'session.write',
  tag,
  summary:
    'Begin to set up a second factor: a secret for an authenticator app, which counts once a code has confirmed it; one begun before ends',
  returns: z.object({
    secret: z.string().describe('To type in where no picture can be read'),
    url: z.string().describe('otpauth: address for the app'),
    qrSvg: z.string().describe('The same as a QR code'),
  }),
  handle: (request, deps: GatewayDeps) =>
    withUser(request, deps, async user => {
      if (deps.keyring === null)
        throw new ApiError(
          503,
          'SECOND_FACTOR_UNREADABLE',
          'This platform keeps no secrets yet: its operator has to set TOKEN_ENCRYPTION_KEY.',
        )
      const secret = newTotpSecret()
      if (!(await beginSecondFactor(deps.store, user, sealTotpSecret(deps.keyring, user, secret)))) throw inForce()
      return { body: { secret, ...enrolment(secret, { email: user.email, issuer: ISSUER }) } }
    }),
})

const confirm = route({
  method: 'post',
  path: `${path}/confirm`,
  action: 'session.write',
  bucket: 'auth',
  tag,
  summary: 'Put the second factor into force by a first code; the answer has the recovery codes',
  body: Code,
  returns: RecoveryCodes,
  handle: (request, deps: GatewayDeps) =>
    withUser(request, deps, async user => {
      const begun = user.secondFactor
      if (!begun) throw new ApiError(409, 'SECOND_FACTOR_NOT_BEGUN', 'Begin to set up a second factor first.')
      if (begun.confirmedAt) throw inForce()
      const check = async () => stepOf(secretOf(deps.keyring, user, begun), request.body.code, 0, deps.now())
      const lastStep = await guess(deps, { email: user.email, ip: request.ip, kind: 'code' }, check)
      if (lastStep === null) throw codeWrong()
      const { codes, hashes } = newRecoveryCodes()
      const fields = { secret: begun.secret, lastStep, recoveryHashes: hashes, now: deps.now() }
      if (!(await confirmSecondFactor(deps.store, user, fields, entryOf(request, deps, user, 'set')))) throw inForce()
      return { body: { recoveryCodes: codes } }
    }),
})

const renew = route({
  method: 'post',
  path: `${path}/recovery-codes`,
  action: 'session.write',
  bucket: 'auth',
  tag,
  summary: 'Replace your recovery codes; the earlier ones work no more',
  body: Code,
  returns: RecoveryCodes,
  handle: (request, deps: GatewayDeps) =>
    withUser(request, deps, async user => {
      await requireCode(request, deps, user)
      const { codes, hashes } = newRecoveryCodes()
      await replaceRecoveryCodes(deps.store, user, hashes, entryOf(request, deps, user, 'recovery codes replaced'))
      return { body: { recoveryCodes: codes } }
    }),
})

const turnOff = route({
  method: 'post',
  path: `${path}/remove`,
  action: 'session.write',
  bucket: 'auth',
  tag,
  summary: 'Remove your second factor',
  body: Code,
  status: 204,
  handle: (request, deps: GatewayDeps) =>
    withUser(request, deps, async user => {
      await requireCode(request, deps, user)
      await removeSecondFactor(deps.store, { tenantId: user.tenantId, userId: user._id }, entryOf(request, deps, user, null))
      return {}
    }),
})

const removeOf = route({
  method: 'delete',
  path: '/api/v1/users/{id}/second-factor',
  action: 'users.write',
  tag: 'users',
  summary: 'Remove the second factor of a user who has lost the device and the recovery codes',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const user = await getUser(deps.store, caller.tenantId, request.params.id)
    requireRank(caller, user.role)
    requireOther(caller, user, 'Remove your own second factor with a code: `POST /api/v1/auth/second-factor/remove`.')
    await removeSecondFactor(deps.store, { tenantId: caller.tenantId, userId: user._id }, entryOf(request, deps, user, null))
    return {}
  },
})

export const secondFactorRoutes = [read, begin, confirm, renew, turnOff, removeOf]

type Asked = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>

/** Runs the work for the user who calls, in their own tenant. @throws ApiError 403 for an API key */
async function withUser<T>(request: Asked, { store }: GatewayDeps, work: (user: UserDoc) => Promise<T>): Promise<T> {
  const { kind, id, homeTenantId } = callerOf(request)
  if (kind !== 'user') throw new ApiError(403, 'FORBIDDEN', 'An API key has no second factor. Sign in as a user.')
  return await asTenant(homeTenantId, async () => await work(await getUser(store, homeTenantId, id)))
}

/** @throws ApiError 409 SECOND_FACTOR_NOT_BEGUN, 422 CODE_WRONG, 429 after too many */
async function requireCode(request: Asked & { body: { code: string } }, deps: GatewayDeps, user: UserDoc): Promise<void> {
  if (factorInForce(user) === null) throw new ApiError(409, 'SECOND_FACTOR_NOT_BEGUN', 'You have no second factor.')
  const check = async () => ((await checkCode(deps, user, request.body.code)) ? user : null)
  if ((await guess(deps, { email: user.email, ip: request.ip, kind: 'code' }, check)) === null) throw codeWrong()
}

const entryOf = (request: Asked, deps: GatewayDeps, user: UserDoc, after: string | null) =>
  audited<void>(request, deps, () => ({
    action: 'users.secondFactor',
    object: { kind: 'user', id: String(user._id) },
    changes: { factor: { before: factorInForce(user) === null ? null : 'set', after } },
    tenantId: toId(user.tenantId),
  }))

const inForce = () => new ApiError(409, 'SECOND_FACTOR_IN_FORCE', 'You have a second factor already. Remove it first.')
const codeWrong = () =>
  new ApiError(422, 'CODE_WRONG', 'The code is wrong, or was used already.', { errors: [{ path: 'code', message: 'Is wrong' }] })
