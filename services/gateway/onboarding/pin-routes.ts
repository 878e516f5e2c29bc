import { z } from 'zod'
import { openNextPin, openPin, sealNextPin, sealPin, tokenOf } from '#shared/auth/client-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { refusedStep } from '#shared/domain/onboarding/problems.ts'
import { callerOf, type Route, type RouteRequest, route } from '#shared/http/route.ts'
import { changePin } from '#shared/meta/onboarding.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { updateClientAlongside, updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { markPinShown } from '#shared/store/numbers/connect-numbers.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { type OnboardingDeps, onboardingDeps } from './deps.ts'
import { newPin } from './steps/registration.ts'

const tag = 'numbers'
const PinView = z.object({ pin: z.string().describe('Six digits') })

type Asked = RouteRequest<{ id: string }, unknown, unknown>

/** The two-step PIN of a number: shown once, or replaced by a new one. */
export const pinRoutesAt = (path: string): Route<GatewayDeps>[] => [
  route({
    method: 'post',
    path: `${path}/{id}/pin`,
    action: 'clients.connect',
    tag,
    summary: "Show the number's PIN of two-step verification, once; 409 PIN_SHOWN afterwards",
    params: IdParams,
    returns: PinView,
    handle: showPin,
  }),
  route({
    method: 'put',
    path: `${path}/{id}/pin`,
    action: 'clients.connect',
    tag,
    summary: 'Set a new PIN of two-step verification at Meta; the answer shows it, once',
    params: IdParams,
    returns: PinView,
    handle: setPin,
  }),
]

async function showPin(request: Asked, deps: GatewayDeps) {
  const { keyring } = onboardingDeps(deps)
  const client = await getClient(deps.store, callerOf(request).tenantId, request.params.id)
  if (client.twoStepPin == null) throw new ApiError(404, 'PIN_UNKNOWN', 'This platform did not choose the PIN of this number.')
  const pin = openPin(keyring, client)
  if (pin === null) throw new ApiError(409, 'PIN_UNREADABLE', 'The stored PIN cannot be decrypted because its key is missing.')
  const entry = audited<null>(request, deps, () => ({ action: 'clients.showPin', object: objectOf(client) }))
  if (!(await markPinShown(deps.store, client, deps.now(), entry)))
    throw new ApiError(409, 'PIN_SHOWN', 'The PIN was shown before. Set a new one if it is lost: PUT on this address.')
  return { body: { pin } }
}

/**
 * The new PIN is stored beside the present one before Meta hears of it. Without a readable answer of Meta both are kept, and the next
 * request sets the same new one: Meta takes it twice.
 * @throws ApiError 404, 409 NUMBER_DISCONNECTED, PIN_IN_APP or IN_PROGRESS, 422 PIN_REFUSED, 503 PIN_UNCONFIRMED
 */
async function setPin(request: Asked, deps: GatewayDeps) {
  const own = onboardingDeps(deps)
  const client = await getClient(deps.store, callerOf(request).tenantId, request.params.id)
  const token = tokenOf(own.keyring, client)
  if (client.status === 'disconnected' || token === null)
    throw new ApiError(409, 'NUMBER_DISCONNECTED', 'The number has no access token that works. Connect it first.')
  if (client.coexistence)
    throw new ApiError(409, 'PIN_IN_APP', 'The PIN of this number is set in the WhatsApp Business app on its phone.')
  const pin = openNextPin(own.keyring, client) ?? newPin()
  const sealed = await keepNext(request, deps, own, client, pin)
  const result = await changePin(own.meta, client, token, pin)
  const isNext = { nextTwoStepPin: sealed }
  if (result.kind === 'ok') {
    const present = { twoStepPin: sealPin(own.keyring, client, pin), nextTwoStepPin: null, pinShownAt: deps.now() }
    if (!(await updateClientWithoutEvent(deps.store, client, present, isNext))) throw inProgress()
    return { body: { pin } }
  }
  if (result.kind !== 'refused') throw unavailable()
  const outcome = refusedStep('register', result.error, result.retryAfterMs)
  if (outcome.kind === 'again') throw unavailable()
  await updateClientWithoutEvent(deps.store, client, { nextTwoStepPin: null }, isNext)
  const problem = 'problem' in outcome ? outcome.problem : null
  throw new ApiError(422, 'PIN_REFUSED', problem?.sentence ?? 'Meta refused the PIN.', { extra: { ...problem } })
}

/** Stores the new PIN with the audit entry, unless another request has stored one meanwhile. @returns it, sealed */
async function keepNext(
  request: Asked,
  { store, ...deps }: GatewayDeps,
  { keyring }: OnboardingDeps,
  client: ClientDoc,
  pin: string,
): Promise<string> {
  const nextTwoStepPin = sealNextPin(keyring, client, pin)
  const alongside = audited<null>(request, { store, ...deps }, () => ({ action: 'clients.newPin', object: objectOf(client) }))
  const provided = { nextTwoStepPin: client.nextTwoStepPin ?? null, deletedAt: null }
  if (!(await updateClientAlongside(store, client, { changes: { nextTwoStepPin }, provided, alongside }))) throw inProgress()
  return nextTwoStepPin
}

const objectOf = ({ _id }: ClientDoc) => ({ kind: 'client', id: String(_id) })
const inProgress = () =>
  new ApiError(409, 'IN_PROGRESS', 'Another request sets the PIN of this number. Try again in a moment.', {
    headers: { 'retry-after': '2' },
  })
const unavailable = () =>
  new ApiError(503, 'PIN_UNCONFIRMED', 'Meta did not confirm the PIN. Repeat the request: it sets the same one.', {
    headers: { 'retry-after': '5' },
  })
