import { z } from 'zod'
import { DEAD_LETTER_STATES } from '#shared/domain/dead-letter.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { DeadLetterDoc } from '#shared/model/documents.ts'
import { pageView } from '#shared/store/pages.ts'
import {
  type DeadLetterOwner,
  getDeadLetter,
  groupDeadLetters,
  listDeadLetters,
  MAX_GROUPED,
} from '#shared/store/webhooks/dead-letter-list.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Paging } from '../schemas.ts'
import {
  DeadLetterDetailView,
  DeadLetterView,
  deadLetterDetailView,
  listedView,
  SOURCE_NAMES,
  SOURCES,
  sourceOf,
} from './dead-letter-view.ts'
import { timesOf } from './event-routes.ts'

const tag = 'dead letters'
const action = 'deadLetters.read'

/** Filters shared by the list, replay and discard of dead letters. */
export const deadLetterFilters = {
  source: z
    .enum(SOURCE_NAMES as [keyof typeof SOURCES])
    .optional()
    .describe('Kind of message'),
  queue: z
    .string()
    .regex(/^[\w.-]{1,128}$/)
    .optional(),
  cause: z.string().min(1).max(200).optional().describe('Cause, as listed by /dead-letters/groups'),
  messageId: z.string().min(1).max(1024).optional(),
  from: z.iso.datetime().optional().describe('Dead-lettered at this time or later'),
  to: z.iso.datetime().optional().describe('Dead-lettered before this time'),
}
export type DeadLetterFilterInput = { [Name in keyof typeof deadLetterFilters]?: z.infer<(typeof deadLetterFilters)[Name]> }

/** Owner of the dead letters: the caller's tenant, no tenant, or any. */
export const Scope = z
  .enum(['tenant', 'unowned', 'all'])
  .default('tenant')
  .describe('`unowned` (without a tenant) and `all` are for platform admins only')

const GroupView = z.object({
  source: z.string(),
  cause: z.string(),
  count: z.number().int(),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  exampleId: z.string(),
  queues: z.array(z.string()),
})

const list = route({
  method: 'get',
  path: '/api/v1/dead-letters',
  action,
  tag,
  summary: 'List dead letters, newest first',
  query: z.strictObject({ ...Paging, ...deadLetterFilters, state: z.enum(DEAD_LETTER_STATES).optional(), scope: Scope }),
  returns: listOf(DeadLetterView),
  async handle(request, { store }: GatewayDeps) {
    const { scope, state, page: number, limit, cursor, ...filters } = request.query
    const owner = ownerFor(callerOf(request), scope)
    const input = { page: number, limit, cursor }
    const hidden = { projection: { payload: 0, original: 0 } as const }
    const page = await listDeadLetters(store, owner, { ...filtersOf(filters), state }, input, hidden)
    return { body: pageView(page, listedView) }
  },
})

const groups = route({
  method: 'get',
  path: '/api/v1/dead-letters/groups',
  action,
  tag,
  summary: 'List open dead letters grouped by cause, the most frequent first',
  query: z.strictObject({ ...deadLetterFilters, state: z.enum([...DEAD_LETTER_STATES, 'OPEN']).default('OPEN'), scope: Scope }),
  returns: z.object({
    data: z.array(GroupView),
    isWhole: z.boolean().describe(`False when only the newest ${MAX_GROUPED} are grouped`),
  }),
  async handle(request, { store }: GatewayDeps) {
    const { scope, state, ...filters } = request.query
    const found = await groupDeadLetters(store, ownerFor(callerOf(request), scope), { ...filtersOf(filters), state })
    const data = found.groups.map(({ type, firstAt, lastAt, exampleId, ...group }) => ({
      ...group,
      source: sourceOf(type),
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
      exampleId: String(exampleId),
    }))
    return { body: { data, isWhole: found.isWhole } }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/dead-letters/{id}',
  action,
  tag,
  summary: 'Get a dead letter with its payload, error and history',
  params: IdParams,
  returns: DeadLetterDetailView,
  async handle(request, { store }: GatewayDeps) {
    const { deadLetter } = await findDeadLetter(store, callerOf(request), request.params.id)
    return { body: await deadLetterDetailView(store, callerOf(request), deadLetter) }
  },
})

export const deadLetterRoutes = [list, groups, one]

/** Store filters of the API's filters: times as dates, the source as a message type. */
export function filtersOf({ source, from, to, ...rest }: DeadLetterFilterInput) {
  return { ...rest, ...timesOf({ from, to }), ...(source && { type: SOURCES[source] }) }
}

/** Owner of the dead letters of a scope. @throws ApiError 403 for a scope beyond the own tenant, except for platform admins */
export function ownerFor(caller: Caller, scope: z.infer<typeof Scope>): DeadLetterOwner {
  if (scope === 'tenant') return caller.tenantId
  if (!caller.may('platform.operations'))
    throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin can see dead letters of other tenants.')
  return scope === 'all' ? 'all' : null
}

/** Dead letter of the caller's tenant, or of any owner for a platform admin. @throws ApiError 404 */
export async function findDeadLetter(
  store: GatewayDeps['store'],
  caller: Caller,
  id: string,
): Promise<{ deadLetter: DeadLetterDoc; owner: DeadLetterOwner }> {
  const owner = caller.may('platform.operations') ? 'all' : caller.tenantId
  return { deadLetter: await getDeadLetter(store, owner, id), owner }
}
