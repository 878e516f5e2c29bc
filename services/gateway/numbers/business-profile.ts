import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { type BusinessProfile, PICTURE_TYPES, refusedField } from '#shared/domain/numbers/business-profile.ts'
import { callerOf } from '#shared/http/route.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'
import { askProfile, readProfile, setProfile } from '#shared/meta/numbers/business-profile.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireExpected } from '../expected.ts'
import { type Failure, passingFailure, refusalText, saidByMeta } from '../meta-failure.ts'
import { uploadHandle } from '../upload-handle.ts'
import { accessTo, answerOf, auditedChange, type NumberRequest } from './meta-access.ts'

/** A profile with the address of its picture at Meta; null without one. */
export interface ShownProfile extends BusinessProfile {
  pictureUrl: string | null
}

export interface ProfileChange {
  fields: Partial<BusinessProfile>
  /** An uploaded file that becomes the picture. */
  pictureMediaId: string | undefined
  /** Fields as the caller read them. */
  expected: Partial<BusinessProfile> | undefined
}

/** The profile of a number as Meta has it now. @throws ApiError 404, 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED, 503 */
export async function findProfile(request: NumberRequest, deps: GatewayDeps): Promise<ShownProfile> {
  return await readFromMeta(deps, await accessTo(request, deps))
}

/**
 * Changes the given fields at Meta, and the picture. Linko keeps no copy. The audit entry is written before Meta is asked, and another
 * one when Meta refuses.
 * @throws ApiError as `findProfile`, 409 CHANGED_MEANWHILE, 422 PROFILE_INVALID for the picture, PROFILE_REFUSED, 502
 */
export async function changeProfile(request: NumberRequest, deps: GatewayDeps, change: ProfileChange): Promise<ShownProfile> {
  const { expected, pictureMediaId } = change
  const access = await accessTo(request, deps)
  const { pictureUrl, ...before } = await readFromMeta(deps, access)
  const { tenantId } = callerOf(request)
  await requireExpected(deps, expected, { tenantId, view: before })
  const fields = differing(before, change.fields)
  if (Object.keys(fields).length === 0 && pictureMediaId === undefined) return { ...before, pictureUrl }
  const picture = pictureMediaId === undefined ? {} : { pictureHandle: await pictureHandle(deps, access, pictureMediaId) }
  const object = { kind: 'client', id: request.params.id }
  const changes = {
    ...changesOf(before, { ...before, ...fields }, Object.keys(fields)),
    ...(pictureMediaId !== undefined && { picture: { before: pictureUrl === null ? null : 'a picture', after: pictureMediaId } }),
  }
  await auditedChange(request, deps, {
    entry: { action: 'clients.businessProfile', object, changes },
    refused: { action: 'clients.businessProfileRefused', object },
    call: () => setProfile(deps.meta, access, { ...fields, ...picture }),
    failure: profileFailure,
  })
  const after = { ...before, ...fields }
  // The picture has another address from now on.
  return pictureMediaId === undefined ? { ...after, pictureUrl } : { ...after, pictureUrl: await pictureOf(deps, access) }
}

async function readFromMeta({ meta }: GatewayDeps, access: NumberAccess): Promise<ShownProfile> {
  const { profile, pictureUrl } = readProfile(answerOf(await askProfile(meta, access), refusal))
  return { ...profile, pictureUrl }
}

const pictureOf = async (deps: GatewayDeps, access: NumberAccess): Promise<string | null> =>
  (await readFromMeta(deps, access).catch(() => null))?.pictureUrl ?? null

/** The given fields that are another value than now. */
const differing = (before: BusinessProfile, given: Partial<BusinessProfile>): Partial<BusinessProfile> =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => !isDeepStrictEqual(before[name as keyof BusinessProfile], value)),
  )

function pictureHandle(deps: GatewayDeps, access: NumberAccess, id: string): Promise<string> {
  return uploadHandle(deps, access, {
    id,
    types: PICTURE_TYPES,
    what: 'The picture',
    invalid: message => new ApiError(422, 'PROFILE_INVALID', message, { errors: [{ path: 'pictureMediaId', message }] }),
    failed: profileFailure,
  })
}

/** Error for a change that Meta has not made, or not confirmed. */
function profileFailure(failure: Failure): ApiError {
  if (failure.kind === 'unknown')
    return new ApiError(502, 'META_OUTCOME_UNKNOWN', 'WhatsApp did not confirm the change. Read the profile to see its outcome.')
  return passingFailure(failure) ?? refusal(failure)
}

/** Error for what Meta refuses, at the field that it names. */
function refusal(failure: Failure): ApiError {
  if (failure.kind !== 'refused') throw new Error('only a refusal is left')
  const message = refusalText(failure)
  const path = refusedField(message)
  return new ApiError(422, 'PROFILE_REFUSED', message, {
    errors: path === null ? [] : [{ path, message }],
    extra: saidByMeta(failure),
  })
}
