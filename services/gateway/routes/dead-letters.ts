import { z } from 'zod'
import { MESSAGE_TYPE, type MessageType } from '#shared/contracts/message-types.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import { DEAD_LETTER_STATES } from '#shared/domain/dead-letter.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import { scrub } from '#shared/process/logger.ts'
import {
  findRelated,
  getLetter,
  groupLetters,
  type LetterOwner,
  listLetters,
  MOST_GROUPED,
} from '#shared/store/dead-letter-list.ts'
import type { DeadLetterDoc } from '#shared/store/documents.ts'
import { pageView } from '#shared/store/pages.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Paging } from './schemas.ts'
import { timesOf } from './webhook-events.ts'

const tag = 'operations'
const action = 'deadLetters.read'

/** What kind of message died. */
const SOURCES = {
  webhook: MESSAGE_TYPE.webhook,
  send: MESSAGE_TYPE.sendBell,
  event: MESSAGE_TYPE.events,
  media: MESSAGE_TYPE.media,
}
const SOURCE_NAMES = Object.keys(SOURCES) as (keyof typeof SOURCES)[]

/** What narrows a list, a replay and a discard alike. */
export const letterFilters = {
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
export type LetterFilterWish = { [Name in keyof typeof letterFilters]?: z.infer<(typeof letterFilters)[Name]> }

/** Whose: the tenant's own, or for platform admins nobody's, or everybody's. */
export const Scope = z.enum(['tenant', 'unowned', 'all']).default('tenant').describe('The last two are for platform admins')

const LetterView = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  source: z.string(),
  queue: z.string(),
  cause: z.string(),
  reason: z.string(),
  attempts: z.number().int(),
  messageId: z.string().nullable(),
  state: z.enum(DEAD_LETTER_STATES),
  edited: z.boolean(),
  createdAt: z.iso.datetime(),
  settledAt: z.iso.datetime().nullable(),
})
/** One with what it carries; a list shows no payload, for it holds what people wrote. */
export const LetterDetailView = LetterView.extend({
  error: z.string().nullable(),
  exchange: z.string(),
  routingKey: z.string(),
  receivedAt: z.iso.datetime().nullable(),
  /** The message as text, as it would go out. */
  payload: z.string(),
  /** As it came, if it was edited. */
  original: z.string().nullable(),
  history: z.array(
    z.object({
      at: z.iso.datetime(),
      action: z.enum(['replayed', 'returned', 'discarded']),
      by: z.object({ id: z.string(), name: z.string() }),
      detail: z.string().nullable(),
    }),
  ),
  /** Other letters of the same message, newest first: it died before, or once more after a replay. */
  related: z.array(LetterView),
})
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
  query: z.strictObject({ ...Paging, ...letterFilters, state: z.enum(DEAD_LETTER_STATES).optional(), scope: Scope }),
  returns: listOf(LetterView),
  async handle(request, { store }: GatewayDeps) {
    const { scope, state, page: number, limit, cursor, ...filters } = request.query
    const owner = ownerFor(callerOf(request), scope)
    const wish = { page: number, limit, cursor }
    const hidden = { projection: { payload: 0, original: 0 } as const }
    const page = await listLetters(store, owner, { ...filtersOf(filters), state }, wish, hidden)
    return { body: pageView(page, listedView) }
  },
})

const groups = route({
  method: 'get',
  path: '/api/v1/dead-letters/groups',
  action,
  tag,
  summary: 'Open dead letters by what they died of, the most frequent first',
  query: z.strictObject({ ...letterFilters, state: z.enum([...DEAD_LETTER_STATES, 'OPEN']).default('OPEN'), scope: Scope }),
  returns: z.object({ data: z.array(GroupView), isWhole: z.boolean().describe(`Only the newest ${MOST_GROUPED} are grouped`) }),
  async handle(request, { store }: GatewayDeps) {
    const { scope, state, ...filters } = request.query
    const found = await groupLetters(store, ownerFor(callerOf(request), scope), { ...filtersOf(filters), state })
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
  returns: LetterDetailView,
  async handle(request, { store }: GatewayDeps) {
    const { letter } = await findLetter(store, callerOf(request), request.params.id)
    return { body: await letterDetailView(store, callerOf(request), letter) }
  },
})

export const deadLetterRoutes = [list, groups, one]

export function filtersOf({ source, from, to, ...rest }: LetterFilterWish) {
  return { ...rest, ...timesOf({ from, to }), ...(source && { type: SOURCES[source] }) }
}

/** @throws ApiError 403 for letters beyond the tenant's own, unless a platform admin asks */
export function ownerFor(caller: Caller, scope: z.infer<typeof Scope>): LetterOwner {
  if (scope === 'tenant') return caller.tenantId
  if (!caller.may('platform.operations'))
    throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin sees dead letters of others')
  return scope === 'all' ? 'all' : null
}

/** The tenant's own; for a platform admin anybody's. @throws ApiError 404 */
export async function findLetter(
  store: GatewayDeps['store'],
  caller: Caller,
  id: string,
): Promise<{ letter: DeadLetterDoc; owner: LetterOwner }> {
  const owner = caller.may('platform.operations') ? 'all' : caller.tenantId
  return { letter: await getLetter(store, owner, id), owner }
}

export async function letterDetailView(
  store: GatewayDeps['store'],
  caller: Caller,
  letter: DeadLetterDoc,
): Promise<z.infer<typeof LetterDetailView>> {
  const owner = caller.may('platform.operations') ? 'all' : caller.tenantId
  const receivedAt = Number(letter.headers?.[RECEIVED_AT_HEADER]) || null
  const related = await findRelated(store, owner, letter)
  return {
    ...letterView(letter),
    error: letter.error,
    exchange: letter.exchange,
    routingKey: letter.routingKey,
    receivedAt: receivedAt === null ? null : new Date(receivedAt).toISOString(),
    payload: letter.payload,
    original: letter.original ?? null,
    history: (letter.history ?? []).map(({ at, action: done, by, name, detail }) => ({
      at: at.toISOString(),
      action: done,
      by: { id: String(by), name },
      detail: detail ?? null,
    })),
    related: related.map(listedView),
  }
}

const sourceOf = (type: string) => SOURCE_NAMES.find(name => SOURCES[name] === (type as MessageType)) ?? 'other'

/** The id of a status holds the phone number of its recipient. */
const listedView = (doc: DeadLetterDoc) => ({
  ...letterView(doc),
  messageId: doc.messageId === null ? null : scrub(doc.messageId),
})

function letterView(doc: DeadLetterDoc): z.infer<typeof LetterView> {
  return {
    id: String(doc._id),
    tenantId: doc.tenantId === null ? null : String(doc.tenantId),
    source: sourceOf(doc.type),
    queue: doc.queue,
    cause: doc.cause ?? doc.reason,
    reason: doc.reason,
    attempts: doc.attempt,
    messageId: doc.messageId,
    state: doc.state,
    edited: doc.isEdited ?? false,
    createdAt: doc.createdAt.toISOString(),
    settledAt: doc.settledAt?.toISOString() ?? null,
  }
}
