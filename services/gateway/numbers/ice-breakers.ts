import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'
import { askAutomation, type ConversationalAutomation, readAutomation, setAutomation } from '#shared/meta/numbers/ice-breakers.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireExpected } from '../expected.ts'
import { type Failure, refusalText, saidByMeta } from '../meta-failure.ts'
import { accessTo, answerOf, auditedChange, changeFailure, type NumberRequest } from './meta-access.ts'

/** Questions that a number proposes to a customer who opens the chat for the first time. */
export interface IceBreakers {
  prompts: string[]
}

/** The ice breakers of a number as Meta has them now. @throws ApiError 404, 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED, 503 */
export async function findIceBreakers(request: NumberRequest, deps: GatewayDeps): Promise<IceBreakers> {
  const { prompts } = await readFromMeta(deps, await accessTo(request, deps))
  return { prompts }
}

/**
 * Replaces the ice breakers of a number at Meta; its commands and welcome flag stay. The audit entry is written before Meta is asked, and
 * another one when Meta refuses.
 * @throws ApiError as `findIceBreakers`, 409 CHANGED_MEANWHILE, 422 ICE_BREAKERS_REFUSED, 502
 */
export async function replaceIceBreakers(
  request: NumberRequest,
  deps: GatewayDeps,
  { prompts, expected }: IceBreakers & { expected?: Partial<IceBreakers> | undefined },
): Promise<IceBreakers> {
  const access = await accessTo(request, deps)
  const before = await readFromMeta(deps, access)
  await requireExpected(deps, expected, { tenantId: access.client.tenantId, view: { prompts: before.prompts } })
  if (isDeepStrictEqual(before.prompts, prompts)) return { prompts }
  const object = { kind: 'client', id: request.params.id }
  const changes = { prompts: { before: before.prompts, after: prompts } }
  await auditedChange(request, deps, {
    entry: { action: 'clients.iceBreakers', object, changes },
    refused: { action: 'clients.iceBreakersRefused', object },
    call: () => setAutomation(deps.meta, access, { ...before, prompts }),
    failure: changeFailure(refusal),
  })
  return { prompts }
}

const readFromMeta = async ({ meta }: GatewayDeps, access: NumberAccess): Promise<ConversationalAutomation> =>
  readAutomation(answerOf(await askAutomation(meta, access), refusal))

/** Error for what Meta refuses. */
function refusal(failure: Failure): ApiError {
  if (failure.kind !== 'refused') throw new Error('only a refusal is left')
  const message = refusalText(failure)
  const errors = [{ path: 'prompts', message }]
  return new ApiError(422, 'ICE_BREAKERS_REFUSED', message, { errors, extra: saidByMeta(failure) })
}
