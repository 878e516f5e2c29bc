import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { SavedViewDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changeSavedView, createSavedView, findSavedView, getSavedView, listSavedViews } from '#shared/store/inbox/saved-views.ts'
import { ConversationQuery } from '../conversations/routes.ts'
import type { GatewayDeps } from '../deps.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, wholeList } from '../schemas.ts'

const tag = 'inbox aids'
const path = '/api/v1/views'

const SCOPES = ['account', 'own'] as const
const Value = z.union([z.string().max(200), z.number(), z.boolean()])
const SavedViewView = z.object({
  id: z.string(),
  scope: z.enum(SCOPES),
  name: z.string(),
  query: z.record(z.string(), Value),
  createdAt: z.iso.datetime(),
})

const Name = z.string().trim().min(1).max(80)
const Query = z
  .record(z.string().max(40), Value)
  .refine(query => isListQuery(query), 'Must be a query of GET /api/v1/conversations, without page, limit and cursor')
  .describe('Query of GET /api/v1/conversations, for example {"status": "open", "label": "Interview", "unread": true}')

/** A query comes as text: true and 5 stand for "true" and "5". */
function isListQuery(query: Record<string, unknown>): boolean {
  const asText = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]))
  return !('page' in query || 'limit' in query || 'cursor' in query) && ConversationQuery.safeParse(asText).success
}

const list = route({
  method: 'get',
  path,
  action: 'views.read',
  tag,
  summary: 'Saved views of the inbox, of the account and your own, by name',
  returns: listOf(SavedViewView),
  async handle(request, { store }: GatewayDeps) {
    const { tenantId, id } = callerOf(request)
    return { body: wholeList((await listSavedViews(store, tenantId, id)).map(viewView)) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'views.writeOwn',
  idempotent: true,
  tag,
  summary: 'Save filters of the inbox under a name, for yourself or, as a manager, for the account',
  body: z.strictObject({ scope: z.enum(SCOPES).default('own'), name: Name, query: Query }),
  status: 201,
  returns: SavedViewView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { tenantId } = caller
    const { scope, name, query } = request.body
    requireScope(caller, scope)
    const input = { what: 'view', body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const find = (id: SavedViewDoc['_id']) => findSavedView(deps.store, tenantId, id)
      const view = await createOnce(once, find, _id => {
        const [by, now] = [toId(caller.id), deps.now()]
        const made = { createdBy: by, updatedBy: null, createdAt: now, updatedAt: now, deletedAt: null }
        const ownerId = scope === 'own' ? by : null
        return createSavedView(deps.store, { _id, tenantId: toId(tenantId), ownerId, name, query, ...made })
      })
      return { status: 201, body: viewView(view) }
    })
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'views.writeOwn',
  tag,
  summary: 'Rename a saved view or change its filters',
  params: IdParams,
  body: z.strictObject({ name: Name.optional(), query: Query.optional() }),
  returns: SavedViewView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const before = await getOwn(deps, caller, request.params.id)
    return { body: viewView(await changeSavedView(deps.store, before, { ...request.body, updatedBy: toId(caller.id) })) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'views.writeOwn',
  tag,
  summary: 'Delete a saved view',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const before = await getOwn(deps, caller, request.params.id)
    await changeSavedView(deps.store, before, { deletedAt: deps.now(), updatedBy: toId(caller.id) })
    return { status: 204 }
  },
})

export const savedViewRoutes = [list, add, change, remove]

/** @throws ApiError 403 */
function requireScope(caller: Caller, scope: (typeof SCOPES)[number]): void {
  if (scope === 'account' && !caller.may('views.write'))
    throw new ApiError(403, 'FORBIDDEN', 'Only managers may change views of the account.')
}

/** A view that the caller may change. @throws ApiError 403, 404 */
async function getOwn({ store }: GatewayDeps, caller: Caller, id: string): Promise<SavedViewDoc> {
  const view = await getSavedView(store, caller.tenantId, id, caller.id)
  requireScope(caller, view.ownerId === null ? 'account' : 'own')
  return view
}

const viewView = ({ _id, ownerId, name, query, createdAt }: SavedViewDoc): z.infer<typeof SavedViewView> => ({
  id: String(_id),
  scope: ownerId === null ? 'account' : 'own',
  name,
  query,
  createdAt: createdAt.toISOString(),
})
