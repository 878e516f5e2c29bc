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
  MOST_GROUPED,
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

const tag = 'operations'
const action = 'deadLetters.read'

/** What narrows a list, a replay and a discard alike. */
export const deadLetterFilters = {
  source: z
    .enum(SOURCE_NAMES as [keyof typeof SOURCES])
    .optional()
    .describe('The kind of message'),
  queue: z
    .string()
    .regex(/^[\w.-]{1,128}$/)
    .optional(),
  cause: z.string().min(1).max(200).optional().describe('As /dead-letters/groups names it'),
  messageId: z.string().min(1).max(1024).optional(),
  from: z.iso.datetime().optional().describe('Died at this moment or later'),
  to: z.iso.datetime().optional().describe('Died before this moment'),
}
export type DeadLetterFilterInput = { [Name in keyof typeof deadLetterFilters]?: z.infer<(typeof deadLetterFilters)[Name]> }

/** Whose: the tenant's own, or for platform admins nobody's, or everybody's. */
export const Scope = z.enum(['tenant', 'unowned', 'all']).default('tenant').describe('The last two are for platform admins')

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
  summary: 'Messages that the pipeline gave up, newest first',
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
  summary: 'Open dead letters by what they died of, the most frequent first',
  query: z.strictObject({ ...deadLetterFilters, state: z.enum([...DEAD_LETTER_STATES, 'OPEN']).default('OPEN'), scope: Scope }),
  returns: z.object({ data: z.array(GroupView), isWhole: z.boolean().describe(`Only the newest ${MOST_GROUPED} are grouped`) }),
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
  summary: 'One dead letter with its payload, its error and what was done with it',
  params: IdParams,
  returns: DeadLetterDetailView,
  async handle(request, { store }: GatewayDeps) {
    const { deadLetter } = await findDeadLetter(store, callerOf(request), request.params.id)
    return { body: await deadLetterDetailView(store, callerOf(request), deadLetter) }
  },
})

export const deadLetterRoutes = [list, groups, one]

export function filtersOf({ source, from, to, ...rest }: DeadLetterFilterInput) {
  return { ...rest, ...timesOf({ from, to }), ...(source && { type: SOURCES[source] }) }
}

/** @throws ApiError 403 for letters beyond the tenant's own, unless a platform admin asks */
export function ownerFor(caller: Caller, scope: z.infer<typeof Scope>): DeadLetterOwner {
  if (scope === 'tenant') return caller.tenantId
  if (!caller.may('platform.operations'))
    throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin sees dead letters of others')
  return scope === 'all' ? 'all' : null
}

/** The tenant's own; for a platform admin anybody's. @throws ApiError 404 */
export async function findDeadLetter(
  store: GatewayDeps['store'],
  caller: Caller,
  id: string,
): Promise<{ deadLetter: DeadLetterDoc; owner: DeadLetterOwner }> {
  const owner = caller.may('platform.operations') ? 'all' : caller.tenantId
  return { deadLetter: await getDeadLetter(store, owner, id), owner }
}
