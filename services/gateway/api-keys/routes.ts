import { z } from 'zod'
import { createApiKey, getApiKey, listApiKeys, rekey, rekeyRotated, revokeApiKey, rotateApiKey } from '#shared/auth/api-keys.ts'
import { ROLES } from '#shared/auth/policy.ts'
import { actionsOf, SCOPES } from '#shared/auth/scopes.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { ApiKeyDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { pageView } from '#shared/store/pages.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { requireRank } from '../people/rules.ts'
import { IdParams, listOf, Paging, wholeList } from '../schemas.ts'
import { withSealedReply } from '../sealed-reply.ts'

const tag = 'api keys'
const path = '/api/v1/api-keys'
const HOUR_MS = 3_600_000
const STATES = ['active', 'replaced', 'expired', 'revoked'] as const

const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe('First part of the key, with its `lk_`: enough to recognise it'),
  role: z.enum(ROLES),
  scopes: z.array(z.string()),
  state: z.enum(STATES).describe('replaced: another key took its place, and it ends at `expiresAt`'),
  lastUsedAt: z.iso.datetime().nullable().describe('To the minute'),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  replacedBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
})
const NewKeyView = KeyView.extend({ key: z.string().describe('The key itself. It is shown in this one answer') })

const list = route({
  method: 'get',
  path,
  action: 'apiKeys.read',
  tag,
  summary: 'List the API keys of the account, newest first, with those that have ended',
  query: z.strictObject(Paging),
  returns: listOf(KeyView),
  async handle(request, { store, now }: GatewayDeps) {
    const page = await listApiKeys(store, callerOf(request).tenantId, request.query)
    return { body: pageView(page, row => keyView(row, now())) }
  },
})

const ScopeView = z.object({ scope: z.string(), actions: z.array(z.string()).describe('What it allows with the given role') })

const scopes = route({
  method: 'get',
  path: `${path}/scopes`,
  action: 'apiKeys.read',
  tag,
  summary: 'List the scopes that a key may have, with the actions that each allows a key of your role',
  returns: listOf(ScopeView),
  async handle(request, _deps: GatewayDeps) {
    const { role } = callerOf(request)
    return { body: wholeList(SCOPES.map(scope => ({ scope, actions: actionsOf(role, [scope]) }))) }
  },
})

const read = route({
  method: 'get',
  path: `${path}/{id}`,
  action: 'apiKeys.read',
  tag,
  summary: 'Get an API key, without the key itself',
  params: IdParams,
  returns: KeyView,
  async handle(request, { store, now }: GatewayDeps) {
    return { body: keyView(await getApiKey(store, callerOf(request).tenantId, request.params.id), now()) }
  },
})

const Ends = z.iso
  .datetime({ offset: true })
  .transform(text => new Date(text))
  .nullable()

const add = route({
  method: 'post',
  path,
  action: 'apiKeys.write',
  idempotent: true,
  tag,
  summary: 'Create an API key, which is shown in this one answer',
  body: z.strictObject({
    name: z.string().trim().min(1).max(100),
    role: z.enum(ROLES).default('agent').describe('Its actions bound those of the scopes'),
    scopes: z
      .array(z.enum(SCOPES as [string, ...string[]], 'Must be a scope of GET /api/v1/api-keys/scopes'))
      .min(1)
      .max(100),
    expiresAt: Ends.default(null),
  }),
  status: 201,
  returns: NewKeyView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    const fields = { ...request.body, tenantId: toId(tenantId), createdBy: toId(caller.id) }
    requireFuture(fields.expiresAt, deps.now())
    requireRights(caller, fields)
    const entry = audited<{ row: ApiKeyDoc }>(request, deps, ({ row }) => ({
      action: 'apiKeys.create',
      object: { kind: 'apiKey', id: String(row._id) },
      changes: {
        name: { before: null, after: row.name },
        role: { before: null, after: row.role },
        scopes: { before: null, after: row.scopes },
      },
    }))
    const asked = { tenantId, key: idempotencyKeyOf(request.headers), request: { what: 'apiKey', body: request.body } }
    return withSealedReply(deps, asked, async ({ resourceId, isRepeat }) => {
      const known = isRepeat ? await rekey(deps.store, tenantId, resourceId).catch(() => null) : null
      const { key, row } = known ?? (await createApiKey(deps.store, { ...fields, _id: resourceId }, entry))
      return { status: 201, body: { ...keyView(row, deps.now()), key } }
    })
  },
})

const rotate = route({
  method: 'post',
  path: `${path}/{id}/rotate`,
  action: 'apiKeys.write',
  idempotent: true,
  tag,
  summary: 'Replace an API key by a new one, shown in this one answer; the old one goes on for the overlap',
  params: IdParams,
  body: z.strictObject({
    overlapHours: z.number().min(0).max(720).default(24).describe('Hours for which the old key goes on; 0: it ends at once'),
    expiresAt: Ends.optional().describe('End of the new key; it lives as long as the old one was meant to by default'),
  }),
  status: 201,
  returns: NewKeyView.extend({ replaced: KeyView }),
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    const { id: keyId } = request.params
    const { overlapHours, expiresAt } = request.body
    const now = deps.now()
    requireFuture(expiresAt ?? null, now)
    const entry = audited<{ row: ApiKeyDoc; old: ApiKeyDoc }>(request, deps, ({ row, old }) => ({
      action: 'apiKeys.rotate',
      object: { kind: 'apiKey', id: String(old._id) },
      changes: { replacedBy: { before: null, after: String(row._id) }, overlapHours: { before: null, after: overlapHours } },
    }))
    const rotation = { tenantId, keyId, overlapMs: overlapHours * HOUR_MS, expiresAt, by: toId(caller.id), now }
    const asked = {
      tenantId,
      key: idempotencyKeyOf(request.headers),
      request: { what: 'apiKey.rotate', keyId, body: request.body },
    }
    return withSealedReply(deps, asked, async ({ resourceId, isRepeat }) => {
      const known = isRepeat ? await rekeyRotated(deps.store, { tenantId, keyId, newId: resourceId }) : null
      const allow = (before: ApiKeyDoc) => requireRights(caller, before)
      const { key, row, old } = known ?? (await rotateApiKey(deps.store, { ...rotation, newId: resourceId }, allow, entry))
      return { status: 201, body: { ...keyView(row, now), key, replaced: keyView(old, now) } }
    })
  },
})

const revoke = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'apiKeys.write',
  tag,
  summary: 'Revoke an API key; within a second nothing accepts it any more',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { id: keyId } = request.params
    const entry = audited<ApiKeyDoc>(request, deps, row => ({
      action: 'apiKeys.revoke',
      object: { kind: 'apiKey', id: String(row._id) },
      changes: { name: { before: row.name, after: null } },
    }))
    const which = { tenantId: caller.tenantId, keyId, by: toId(caller.id), now: deps.now() }
    await revokeApiKey(deps.store, which, row => requireRank(caller, row.role), entry)
    return {}
  },
})

export const apiKeyRoutes = [list, scopes, read, add, rotate, revoke]

/** @throws ApiError 403: nobody makes a key that may do what they may not do themselves */
function requireRights(caller: Caller, { role, scopes }: Pick<ApiKeyDoc, 'role' | 'scopes'>): void {
  requireRank(caller, role)
  const beyond = actionsOf(role, scopes).find(action => !caller.may(action))
  if (beyond !== undefined)
    throw new ApiError(403, 'SCOPE_TOO_WIDE', `The key could do ${beyond}, which you may not do yourself.`)
}

function requireFuture(expiresAt: Date | null, now: Date): void {
  if (expiresAt === null || expiresAt > now) return
  const message = 'Must be in the future'
  throw new ApiError(422, 'EXPIRY_PAST', `expiresAt: ${message}`, { errors: [{ path: 'expiresAt', message }] })
}

function stateOf({ revokedAt, expiresAt, replacedBy }: ApiKeyDoc, now: Date): (typeof STATES)[number] {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt !== null && expiresAt <= now) return 'expired'
  return replacedBy == null ? 'active' : 'replaced'
}

const keyView = (row: ApiKeyDoc, now: Date): z.infer<typeof KeyView> => ({
  id: String(row._id),
  name: row.name,
  prefix: `lk_${row.prefix}`,
  role: row.role,
  scopes: [...row.scopes],
  state: stateOf(row, now),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  replacedBy: row.replacedBy ? String(row.replacedBy) : null,
  createdAt: row.createdAt.toISOString(),
})
