import { ApiError } from '#shared/domain/errors.ts'
import { continuedSteps, disconnectSteps, firstSteps, type Step } from '#shared/domain/onboarding/steps.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ClientDoc, ConnectionDoc, Id } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { disconnectNumber } from '#shared/store/numbers/connect-numbers.ts'
import {
  changeConnection,
  createConnection,
  findConnection,
  insertConnection,
  type NewConnection,
} from '#shared/store/numbers/connections.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import type { GatewayConfig } from '../config.ts'
import { type OnboardingDeps, seal, unseal } from './deps.ts'
import { callbackUrl, dialogUrl } from './dialog.ts'
import { DIALOG_MS, newState } from './state.ts'

/** What a caller may say of the numbers to be connected. */
export interface ConnectionInput {
  phoneNumberId?: string | undefined
  wabaId?: string | undefined
  /** Six digits of the number's two-step verification. */
  pin?: string | undefined
  coexistence?: boolean | undefined
  companyName?: string | null | undefined
  email?: string | null | undefined
  userId?: string | null | undefined
}

export type Actor = ConnectionDoc['actor']
export const actorOf = ({ kind, id, name }: Pick<Caller, 'kind' | 'id' | 'name'>): Actor => ({ kind, id: toId(id), name })

interface Begin {
  tenantId: string
  actor: Actor
  input: ConnectionInput
  /** Id of the connection; a new one by default. */
  id?: Id
}

/** A new connection whose secrets are not set yet. */
export function draft(
  deps: OnboardingDeps,
  { tenantId, actor, input, id = newId() }: Begin,
  own: Partial<NewConnection>,
): NewConnection {
  const { phoneNumberId = null, wabaId = null, coexistence = false, companyName, email, userId } = input
  const about = Object.fromEntries(Object.entries({ companyName, email, userId }).filter(([, value]) => value != null))
  const base: NewConnection = {
    ...{ _id: id, tenantId: toId(tenantId), kind: 'signup', state: 'RUNNING', actor },
    ...{ stateHash: null, expiresAt: null, redirectUri: null, coexistence, about },
    wanted: { phoneNumberId, wabaId },
    ...{ code: null, accessToken: null, pin: null, token: null, wabas: [], numbers: [] },
    steps: firstSteps(),
    nextAt: deps.now(),
    ...own,
  }
  return input.pin === undefined ? base : { ...base, pin: seal(deps.keyring, base, 'pin', input.pin) }
}

/** Opens a sign-up dialog. @returns its address, for a redirect or a popup */
export async function openDialog(
  deps: OnboardingDeps,
  config: GatewayConfig,
  begin: Begin,
  alongside: Alongside<ConnectionDoc>,
): Promise<{ connection: ConnectionDoc; oauthUrl: string }> {
  const bare = draft(deps, begin, { state: 'OPEN', redirectUri: callbackUrl(config), nextAt: null })
  const { state, stateHash } = newState(bare, config.JWT_SECRET)
  const oauthUrl = dialogUrl(config, state, bare)
  const expiresAt = new Date(deps.now().getTime() + DIALOG_MS)
  const begun = begin.id && (await findConnection(deps.store, begin.tenantId, begin.id))
  // A request that is repeated after a crash: its dialog was never seen, and gets a new address.
  const reopened = begun && (await changeConnection(deps.store, begun, { stateHash, expiresAt }))
  if (reopened) return { connection: reopened, oauthUrl }
  return { connection: await create(deps, { ...bare, stateHash, expiresAt }, alongside), oauthUrl }
}

/** Begins with the code of a dialog that ran in the caller's page (JavaScript SDK). */
export function beginSignup(
  deps: OnboardingDeps,
  begin: Begin,
  { code, redirectUri }: { code: string; redirectUri: string | null },
  alongside: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc> {
  const bare = draft(deps, begin, { redirectUri })
  return create(deps, { ...bare, code: seal(deps.keyring, bare, 'code', code) }, alongside)
}

/** Begins with an access token that was made by hand, such as a system user's. */
export function beginWithToken(
  deps: OnboardingDeps,
  begin: Begin,
  accessToken: string,
  alongside: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc> {
  const bare = draft(deps, begin, { kind: 'token' })
  return create(deps, { ...bare, accessToken: seal(deps.keyring, bare, 'accessToken', accessToken) }, alongside)
}

/** Begins the check of a connected number: the same steps, which mend what they can. */
export function beginCheck(
  deps: OnboardingDeps,
  { tenantId, actor }: Pick<Begin, 'tenantId' | 'actor'>,
  client: ClientDoc,
  alongside: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc> {
  const { phoneNumberId, wabaId } = client
  const row = draft(deps, { tenantId, actor, input: { phoneNumberId, wabaId } }, { kind: 'check', numbers: [asNumber(client)] })
  return create(deps, row, alongside)
}

const asNumber = (client: ClientDoc): ConnectionDoc['numbers'][number] => ({
  phoneNumberId: client.phoneNumberId,
  wabaId: client.wabaId,
  whatsappNumber: client.whatsappNumber,
  verifiedName: client.verifiedName ?? null,
  coexistence: client.coexistence,
  clientId: client._id,
  isRegistered: true,
  isPinEnabled: null,
})

async function create(deps: OnboardingDeps, row: NewConnection, alongside: Alongside<ConnectionDoc>): Promise<ConnectionDoc> {
  const created = await createConnection(deps.store, row, alongside)
  if (created === null) throw new Error('a connection without a cause of its own was refused')
  return created
}

export const DISCONNECTED = 'The number was disconnected here.'

/**
 * Disconnects a number at once; what Meta is told of it follows in steps, as far as Meta takes it. @returns the connection that holds
 * these steps, null where there is no token to tell Meta anything with
 */
export async function disconnect(
  deps: OnboardingDeps,
  { tenantId, actor }: Pick<Begin, 'tenantId' | 'actor'>,
  { client, isDeleted, token }: { client: ClientDoc; isDeleted: boolean; token: string | null },
  alongside: Alongside<{ before: ClientDoc; after: ClientDoc }>,
): Promise<ConnectionDoc | null> {
  let connection: ConnectionDoc | null = null
  const row = draft(
    deps,
    { tenantId, actor, input: { phoneNumberId: client.phoneNumberId, wabaId: client.wabaId } },
    {
      kind: 'disconnect',
      numbers: [asNumber(client)],
      steps: disconnectSteps(client.wabaId),
    },
  )
  const sealed = token === null ? null : { ...row, accessToken: seal(deps.keyring, row, 'accessToken', token) }
  const where = { tenantId: row.tenantId, clientId: client._id, by: actor.kind === 'user' ? actor.id : null }
  const change = await disconnectNumber(
    deps.store,
    { ...where, reason: DISCONNECTED, now: deps.now(), isDeleted },
    async ({ client: after, before }, session) => {
      if (sealed !== null) connection = await insertConnection(deps.store, sealed, session)
      await alongside({ before, after }, session)
    },
  )
  if (change) void deps.events.publish([change.event], null)
  return connection
}

/**
 * Lets a failed connection go on: what failed is tried again. One that failed for its code opens a new dialog.
 * @returns the address of that dialog, else null. @throws ApiError 409 CONNECTION_STATE
 */
export async function continueConnection(
  deps: OnboardingDeps,
  config: GatewayConfig,
  connection: ConnectionDoc,
  pin: string | undefined,
  alongside: Alongside<ConnectionDoc>,
): Promise<{ connection: ConnectionDoc; oauthUrl: string | null }> {
  const { state, kind } = connection
  if (state !== 'FAILED' && state !== 'RUNNING') throw inState(connection)
  const steps = withPin(continuedSteps(connection.steps), pin)
  const given = pin === undefined ? {} : { pin: seal(deps.keyring, connection, 'pin', pin) }
  const again = { ...given, steps, endedAt: null }
  const needsDialog = kind === 'signup' && connection.accessToken === null && unseal(deps.keyring, connection, 'code') === null
  if (!needsDialog) {
    const after = await changeConnection(deps.store, connection, { ...again, state: 'RUNNING', nextAt: deps.now() }, alongside)
    if (after === null) throw inProgress()
    return { connection: after, oauthUrl: null }
  }
  const next = newState(connection, config.JWT_SECRET)
  const oauthUrl = dialogUrl(config, next.state, connection)
  const expiresAt = new Date(deps.now().getTime() + DIALOG_MS)
  const open = {
    ...again,
    state: 'OPEN' as const,
    stateHash: next.stateHash,
    expiresAt,
    redirectUri: callbackUrl(config),
    nextAt: null,
  }
  const after = await changeConnection(deps.store, connection, open, alongside)
  if (after === null) throw inProgress()
  return { connection: after, oauthUrl }
}

/** With a PIN that somebody gives, the number is registered with that one. */
const withPin = (steps: Step[], pin: string | undefined): Step[] =>
  pin === undefined
    ? steps
    : steps.map(step => {
        const register = steps.find(({ key, phoneNumberId }) => key === 'register' && phoneNumberId === step.phoneNumberId)
        const isOpen = step.key === 'pin' && register?.state === 'PENDING'
        return isOpen ? { ...step, state: 'PENDING', attempts: 0, nextAt: null } : step
      })

const inState = ({ state }: ConnectionDoc) =>
  new ApiError(409, 'CONNECTION_STATE', `The connection cannot be continued while it is ${state.toLowerCase()}.`)
const inProgress = () =>
  new ApiError(409, 'IN_PROGRESS', 'A step of this connection is being done. Try again in a moment.', {
    headers: { 'retry-after': '2' },
  })
