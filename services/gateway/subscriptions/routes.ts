import { z } from 'zod'
import type { Keyring } from '#shared/auth/encryption.ts'
import { newSubscriptionSecret, sealSecret } from '#shared/auth/subscription-secrets.ts'
import { EVENT_TYPES, type EventType } from '#shared/contracts/event-subscriptions.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { EventSubscriptionDoc, Id } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import {
  changeSubscription,
  createSubscription,
  enabledNow,
  findSubscription,
  getSubscription,
  listSubscriptions,
  rotatedSecrets,
  type SubscriptionChange,
} from '#shared/store/subscriptions/subscriptions.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { IdParams, listOf, wholeList } from '../schemas.ts'
import { withSealedReply } from '../sealed-reply.ts'
import { requireUrl } from './require-url.ts'
import { NewSubscriptionView, SubscriptionView, subscriptionView } from './view.ts'

export const tag = 'event subscriptions'
export const path = '/api/v1/event-subscriptions'
const HOUR_MS = 3_600_000
const FIELDS = ['name', 'url', 'types', 'status'] as const

const Name = z.string().trim().max(100)
const Url = z.string().max(2000).describe('https on port 443, of a public host')
const Types = z
  .array(z.enum(EVENT_TYPES as [EventType, ...EventType[]], 'Must be a type of GET /api/v1/event-subscriptions/types'))
  .max(100)
  .transform(types => [...new Set(types)])
  .describe('Types of events; empty: all of them, also those that later versions add')

const list = route({
  method: 'get',
  path,
  action: 'subscriptions.read',
  tag,
  summary: 'Event subscriptions of the account, newest first',
  returns: listOf(SubscriptionView),
  async handle(request, { store, now }: GatewayDeps) {
    const rows = await listSubscriptions(store, callerOf(request).tenantId)
    return { body: wholeList(rows.map(row => subscriptionView(row, now()))) }
  },
})

const TypeView = z.object({ type: z.string(), event: z.string().describe('Its name on the sockets') })

const types = route({
  method: 'get',
  path: `${path}/types`,
  action: 'subscriptions.read',
  tag,
  summary: 'Types of events that a subscription may have',
  returns: listOf(TypeView),
  async handle(_request, _deps: GatewayDeps) {
    return { body: wholeList(EVENT_TYPES.map(type => ({ type, event: type.replace('.', ':') }))) }
  },
})

const read = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'subscriptions.read',
  tag,
  summary: 'Get an event subscription',
  params: IdParams,
  returns: SubscriptionView,
  async handle(request, { store, now }: GatewayDeps) {
    return { body: subscriptionView(await getSubscription(store, callerOf(request).tenantId, request.params.id), now()) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'subscriptions.write',
  idempotent: true,
  tag,
  summary: 'Have events posted to an address of yours from now on; the answer has the secret that verifies them',
  body: z.strictObject({ name: Name.default(''), url: Url, types: Types.default([]) }),
  status: 201,
  returns: NewSubscriptionView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    requireUrl(request.body.url, deps, 'url')
    const keyring = keyringOf(deps)
    const asked = { tenantId, key: idempotencyKeyOf(request.headers), request: { what: 'subscription', body: request.body } }
    return withSealedReply(deps, asked, async ({ resourceId: _id, isRepeat }) => {
      const now = deps.now()
      const owner = { _id, tenantId: toId(tenantId) }
      const { secret, row } = newSecret(keyring, owner, _id, now)
      const known = isRepeat ? await findSubscription(deps.store, tenantId, _id) : null
      // Nobody has got the secret of before: the answer was lost.
      const done = known
        ? await change(request, deps, String(_id), () => ({ secrets: [row] }), null)
        : await create(request, deps, { ...request.body, ...owner, secrets: [row], createdBy: toId(caller.id) })
      return { status: 201, body: { ...subscriptionView(done.after, now), secret } }
    })
  },
})

const edit = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'subscriptions.write',
  tag,
  summary: 'Change an event subscription, or switch it off or on; switched on it goes on where it stopped, up to a day back',
  params: IdParams,
  body: z.strictObject({
    name: Name.optional(),
    url: Url.optional(),
    types: Types.optional(),
    status: z.enum(['enabled', 'disabled']).optional(),
  }),
  returns: SubscriptionView,
  async handle(request, deps: GatewayDeps) {
    const { status, ...fields } = request.body
    if (fields.url !== undefined) requireUrl(fields.url, deps, 'url')
    const now = deps.now()
    const { after } = await change(request, deps, request.params.id, before => ({
      ...given(fields),
      ...(status === 'enabled' && before.status === 'DISABLED' && enabledNow(now)),
      ...(status === 'disabled' && { status: 'DISABLED', disabledReason: 'user', disabledAt: before.disabledAt ?? now }),
    }))
    return { body: subscriptionView(after, now) }
  },
})

const rotate = route({
  method: 'post',
  path: `${path}/{id}/rotate-secret`,
  action: 'subscriptions.write',
  idempotent: true,
  tag,
  summary: 'Replace the secret; for the overlap deliveries carry a signature by each. The new one is shown in this one answer',
  params: IdParams,
  body: z.strictObject({
    overlapHours: z.number().min(0).max(720).default(24).describe('Hours for which the old secret goes on; 0: it ends at once'),
  }),
  status: 201,
  returns: NewSubscriptionView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { id } = request.params
    const { overlapHours } = request.body
    const keyring = keyringOf(deps)
    const asked = {
      tenantId,
      key: idempotencyKeyOf(request.headers),
      request: { what: 'subscription.rotate', id, body: request.body },
    }
    return withSealedReply(deps, asked, async ({ resourceId: keyId }) => {
      const now = deps.now()
      const owner = { _id: toId(id), tenantId: toId(tenantId) }
      const { secret, row } = newSecret(keyring, owner, keyId, now)
      const decide = ({ secrets }: EventSubscriptionDoc) => ({
        secrets: rotatedSecrets(secrets, row, overlapHours * HOUR_MS, now),
      })
      const { after } = await change(request, deps, id, decide, {
        action: 'subscriptions.rotateSecret',
        changes: { overlapHours: { before: null, after: overlapHours } },
      })
      return { status: 201, body: { ...subscriptionView(after, now), secret } }
    })
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'subscriptions.write',
  tag,
  summary: 'Delete an event subscription; what was not delivered yet is not delivered any more',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const now = deps.now()
    await change(request, deps, request.params.id, () => ({ deletedAt: now, secrets: [] }), {
      action: 'subscriptions.delete',
      changes: {},
    })
    return { status: 204 }
  },
})

export const subscriptionRoutes = [list, types, add, read, edit, remove, rotate]

type Asked = RouteRequest<unknown, unknown, unknown>

async function create(
  request: Asked,
  deps: GatewayDeps,
  fields: Parameters<typeof createSubscription>[1],
): Promise<SubscriptionChange> {
  const entry = audited<SubscriptionChange>(request, deps, ({ after }) => ({
    action: 'subscriptions.create',
    object: { kind: 'eventSubscription', id: String(after._id) },
    changes: changesOf(null, after, FIELDS),
  }))
  const done = await createSubscription(deps.store, fields, deps.now(), entry)
  await deps.events.publish(done.events, request.traceparent)
  return done
}

interface Deed {
  action: string
  changes: Record<string, { before: unknown; after: unknown }>
}

/** Changes a subscription with its audit entry. @param deed null: no entry, for a repeat of what has one @throws ApiError 404 */
async function change(
  request: Asked,
  deps: GatewayDeps,
  id: string,
  decide: (before: EventSubscriptionDoc) => Partial<EventSubscriptionDoc>,
  deed?: Deed | null,
): Promise<SubscriptionChange> {
  const { tenantId, id: by } = callerOf(request)
  const entry = audited<SubscriptionChange>(request, deps, ({ before, after }) => {
    if (deed === null) return null
    const changed = { action: 'subscriptions.change', changes: changesOf(before, after, FIELDS) }
    return { ...(deed ?? changed), object: { kind: 'eventSubscription', id } }
  })
  const done = await changeSubscription(deps.store, { tenantId, id, by: toId(by), now: deps.now() }, decide, entry)
  await deps.events.publish(done.events, request.traceparent)
  return done
}

const given = <T extends object>(fields: T): Partial<EventSubscriptionDoc> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function newSecret(keyring: Keyring, owner: Pick<EventSubscriptionDoc, '_id' | 'tenantId'>, keyId: Id, createdAt: Date) {
  const secret = newSubscriptionSecret()
  return { secret, row: sealSecret(keyring, owner, { keyId, secret, createdAt }) }
}

/** @throws ApiError 409 KEY_MISSING: without a key no secret can be stored */
function keyringOf({ keyring }: GatewayDeps): Keyring {
  if (keyring !== null) return keyring
  throw new ApiError(409, 'KEY_MISSING', 'Secrets cannot be stored: the operator has not set TOKEN_ENCRYPTION_KEY.')
}
