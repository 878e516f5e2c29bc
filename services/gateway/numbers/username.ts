import { ApiError } from '#shared/domain/errors.ts'
import type { NumberUsername } from '#shared/domain/numbers/username.ts'
import { isNewer, withEventTimes } from '#shared/fold/number-effects.ts'
import { callerOf } from '#shared/http/route.ts'
import type { NumberAccess } from '#shared/meta/numbers/access.ts'
import {
  askSuggestions,
  askUsername,
  deleteUsername,
  readSuggestions,
  readUsername,
  setUsername,
} from '#shared/meta/numbers/username.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { changeClient, listClients } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'
import { type Failure, refusalText, saidByMeta } from '../meta-failure.ts'
import { accessTo, answerOf, auditedChange, changeFailure, type NumberRequest } from './meta-access.ts'

/** Topic of the webhooks about usernames. */
const TOPIC = 'username'

/** A username with others that WhatsApp proposes. */
export interface ShownUsername extends NumberUsername {
  suggestions: string[]
}

/** The username of a number as Meta has it now. @throws ApiError 404, 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED, 503 */
export async function findUsername(request: NumberRequest, deps: GatewayDeps): Promise<ShownUsername> {
  const access = await accessTo(request, deps)
  return { ...(await readFromMeta(deps, access)), suggestions: await suggestionsFor(deps, access) }
}

/**
 * Claims a username for a number at Meta, in place of the one that it has. The audit entry is written before Meta is asked, and another
 * one when Meta refuses.
 * @param claim.username in lower case @param claim.transfer takes it from another number of the portfolio, which then has none
 * @throws ApiError as `findUsername`, 409 USERNAME_TAKEN, USERNAME_OF_ANOTHER_NUMBER, 422 USERNAME_REFUSED, 502
 */
export async function claimUsername(
  request: NumberRequest,
  deps: GatewayDeps,
  { username, transfer }: { username: string; transfer: boolean },
): Promise<ShownUsername> {
  const access = await accessTo(request, deps)
  const before = await readFromMeta(deps, access)
  if (before.username?.toLowerCase() !== username) {
    const at = deps.now()
    const object = { kind: 'client', id: request.params.id }
    const changes = { username: { before: before.username, after: username } }
    await auditedChange(request, deps, {
      entry: { action: 'clients.username', object, changes },
      refused: { action: 'clients.usernameRefused', object },
      call: () => setUsername(deps.meta, access, { username, isTransfer: transfer }),
      failure: changeFailure(refusal),
    })
    await store(request, deps, { client: access.client, username, at })
    if (transfer) await takeFromOthers(request, deps, { username, client: access.client, at })
  }
  // Meta has it by now, even where it does not answer once more: it may be in review.
  const now = await readFromMeta(deps, access).catch((): NumberUsername => ({ username, status: 'reserved' }))
  return { ...now, suggestions: await suggestionsFor(deps, access) }
}

/** Gives the username of a number back at Meta; does nothing without one. @throws ApiError as `claimUsername` */
export async function releaseUsername(request: NumberRequest, deps: GatewayDeps): Promise<void> {
  const access = await accessTo(request, deps)
  const { username } = await readFromMeta(deps, access)
  if (username === null) return
  const at = deps.now()
  const object = { kind: 'client', id: request.params.id }
  await auditedChange(request, deps, {
    entry: { action: 'clients.username', object, changes: { username: { before: username, after: null } } },
    refused: { action: 'clients.usernameRefused', object },
    call: () => deleteUsername(deps.meta, access),
    failure: changeFailure(refusal),
  })
  await store(request, deps, { client: access.client, username: null, at })
}

const readFromMeta = async ({ meta }: GatewayDeps, access: NumberAccess): Promise<NumberUsername> =>
  readUsername(answerOf(await askUsername(meta, access), refusal))

/** What Meta proposes; nothing when it does not answer, because nobody needs it. */
async function suggestionsFor({ meta }: GatewayDeps, access: NumberAccess): Promise<string[]> {
  const result = await askSuggestions(meta, access)
  return result.kind === 'ok' ? readSuggestions(result.data) : []
}

interface Told {
  client: ClientDoc
  username: string | null
  /** When Meta was asked. */
  at: Date
}

/**
 * Writes the username into the row of its number, without waiting for the webhook that tells of it. A webhook about a later time wins,
 * also one that comes meanwhile.
 */
async function store(request: NumberRequest, deps: GatewayDeps, { client, username, at }: Told): Promise<void> {
  // Webhooks name whole seconds: one about this second is as new as this.
  const since = new Date(Math.floor(at.getTime() / 1000) * 1000)
  if ((client.username ?? null) === username || !isNewer(client, TOPIC, since)) return
  const where = { tenantId: client.tenantId, clientId: client._id }
  const changes = { username, lastEventAt: withEventTimes(client, [TOPIC], since) }
  const change = await changeClient(deps.store, where, changes, { lastEventAt: client.lastEventAt ?? null }, { changed: [TOPIC] })
  if (change) void deps.events.publish([change.event], request.traceparent)
}

/** Takes the username from the rows of other numbers of the tenant: a name belongs to one number. */
async function takeFromOthers(request: NumberRequest, deps: GatewayDeps, { client, username, at }: Told): Promise<void> {
  for (const other of await listClients(deps.store, callerOf(request).tenantId))
    if (String(other._id) !== String(client._id) && other.username?.toLowerCase() === username)
      await store(request, deps, { client: other, username: null, at })
}

const UNAVAILABLE = 147001
const OF_ANOTHER_NUMBER = 147005

/** Error for what Meta refuses, at the field of the username. */
function refusal(failure: Failure): ApiError {
  if (failure.kind !== 'refused') throw new Error('only a refusal is left')
  const details = (message: string) => ({ errors: [{ path: 'username', message }], extra: saidByMeta(failure) })
  const { code } = failure.error
  if (code === UNAVAILABLE) {
    const message = 'Somebody else has this username. Choose another one.'
    return new ApiError(409, 'USERNAME_TAKEN', message, details(message))
  }
  if (code === OF_ANOTHER_NUMBER) {
    const message = 'Another number of the same business portfolio has this username. Repeat with `transfer` to move it here.'
    return new ApiError(409, 'USERNAME_OF_ANOTHER_NUMBER', message, details(message))
  }
  const message = refusalText(failure)
  return new ApiError(422, 'USERNAME_REFUSED', message, details(message))
}
