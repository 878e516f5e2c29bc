import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { AuditLogDoc, DeadLetterDoc, Id } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import { getDeadLetter, listDeadLetters } from '#shared/store/webhooks/dead-letter-list.ts'
import { type Actor, discardDeadLetters } from '#shared/store/webhooks/dead-letter-moves.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { DEAD_LETTER_OUTCOMES } from './check-dead-letters.ts'
import { deadLetterFilters, filtersOf, findDeadLetter, ownerFor, Scope } from './dead-letter-routes.ts'
import { DeadLetterDetailView, deadLetterDetailView } from './dead-letter-view.ts'
import { previewDeadLetters, replayDeadLetters } from './replay-dead-letters.ts'

const tag = 'dead letters'
const action = 'deadLetters.write'
/** Clearing up after an outage takes hundreds of requests, so they count against the higher limit of reads. */
const bucket = 'read'

const dryRun = z.boolean().default(false).describe('Report what would happen and change nothing')
const Reason = z.string().trim().min(1).max(500)
const ReplayView = z.object({
  dryRun: z.boolean(),
  data: z.array(z.object({ id: z.string(), outcome: z.enum(DEAD_LETTER_OUTCOMES), reason: z.string().nullable() })),
  /** Dry run only: documents that webhooks would create or change, and realtime events counted by name. */
  changes: z.array(z.record(z.string(), z.unknown())),
  events: z.record(z.string(), z.number().int()),
})
const PageView = z.object({ total: z.number().int(), hasMore: z.boolean(), nextCursor: z.string().nullable() })
const Many = z.strictObject({
  ...deadLetterFilters,
  scope: Scope,
  dryRun,
  limit: z.number().int().min(1).max(200).default(100),
  cursor: z.string().max(1700).optional(),
})

const replayOne = route({
  method: 'post',
  path: '/api/v1/dead-letters/{id}/replay',
  action,
  bucket,
  tag,
  summary: 'Replay a dead letter, as it is or with an edited payload',
  params: IdParams,
  body: z.strictObject({
    dryRun,
    payload: z.string().min(2).max(250_000).optional().describe('Complete message as text, which replaces the payload'),
  }),
  status: 202,
  otherStatuses: { 200: 'Nothing was replayed: a dry run, or a dead letter without effect' },
  returns: ReplayView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { dryRun: isDry, payload } = request.body
    const { deadLetter } = await findDeadLetter(deps.store, caller, request.params.id)
    const input = { payload, isPlatform: caller.may('platform.operations') }
    const entriesFor = (what: Move) => entriesOf(request, deps, what, editOf(deadLetter, payload))
    const sending = { ...input, by: actorOf(request, deps), traceparent: request.traceparent, entriesFor }
    const replay = isDry
      ? await previewDeadLetters(deps, [deadLetter], input)
      : await replayDeadLetters(deps, [deadLetter], sending)
    const [previewed] = replay.data
    if (previewed?.outcome === 'refused')
      throw refusal(previewed.reason ?? '', payload !== undefined && payload !== deadLetter.payload)
    return { status: previewed?.outcome === 'replayed' && !isDry ? 202 : 200, body: { dryRun: isDry, ...replay } }
  },
})

const replayMany = route({
  method: 'post',
  path: '/api/v1/dead-letters/replay',
  action,
  bucket,
  tag,
  summary: 'Replay a page of the open dead letters that match a filter, oldest first; continue with nextCursor while hasMore',
  body: Many,
  returns: ReplayView.extend(PageView.shape),
  async handle(request, deps: GatewayDeps) {
    const { dryRun: isDry } = request.body
    const { page, rest } = await openPage(request, deps)
    const input = { isPlatform: callerOf(request).may('platform.operations') }
    const entriesFor = (what: Move) => entriesOf(request, deps, what)
    const sending = { ...input, by: actorOf(request, deps), traceparent: request.traceparent, entriesFor }
    const replay = isDry ? await previewDeadLetters(deps, page.rows, input) : await replayDeadLetters(deps, page.rows, sending)
    return { body: { dryRun: isDry, ...replay, ...rest } }
  },
})

const discardOne = route({
  method: 'post',
  path: '/api/v1/dead-letters/{id}/discard',
  action,
  bucket,
  tag,
  summary: 'Discard a dead letter permanently, with a reason',
  params: IdParams,
  body: z.strictObject({ reason: Reason }),
  returns: DeadLetterDetailView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const { deadLetter, owner } = await findDeadLetter(deps.store, caller, request.params.id)
    const { reason } = request.body
    const entries = discardEntries(request, deps, [deadLetter], reason)
    const ended = await discardDeadLetters(deps.store, [deadLetter._id], actorOf(request, deps), reason, entries)
    if (ended.length === 0 && deadLetter.state !== 'DISCARDED')
      throw new ApiError(409, 'DEAD_LETTER_SETTLED', 'The dead letter has been replayed or is being replayed.')
    const now = await getDeadLetter(deps.store, owner, request.params.id)
    return { body: await deadLetterDetailView(deps.store, caller, now) }
  },
})

const discardMany = route({
  method: 'post',
  path: '/api/v1/dead-letters/discard',
  action,
  bucket,
  tag,
  summary: 'Discard a page of the open dead letters that match a filter, oldest first',
  body: Many.extend({ reason: Reason }),
  returns: z.object({ dryRun: z.boolean(), data: z.array(z.object({ id: z.string() })) }).extend(PageView.shape),
  async handle(request, deps: GatewayDeps) {
    const { dryRun: isDry, reason } = request.body
    const { page, rest } = await openPage(request, deps)
    const ids = page.rows.map(({ _id }) => _id)
    const entries = discardEntries(request, deps, page.rows, reason)
    const ended = isDry ? ids : await discardDeadLetters(deps.store, ids, actorOf(request, deps), reason, entries)
    return { body: { dryRun: isDry, data: ended.map(id => ({ id: String(id) })), ...rest } }
  },
})

export const deadLetterActionRoutes = [replayOne, replayMany, discardOne, discardMany]

type AnyRequest = RouteRequest<unknown, unknown, unknown>

/**
 * Page of the open dead letters of a run. A run covers only those from before its first request, so that one that fails again is
 * not taken twice; the cursor carries that time. @throws ApiError 400 CURSOR_INVALID, 403
 */
async function openPage(request: RouteRequest<unknown, unknown, z.infer<typeof Many>>, deps: GatewayDeps) {
  const { scope, dryRun: _dryRun, limit, cursor, ...wanted } = request.body
  const { reason: _reason, ...rest } = wanted as typeof wanted & { reason?: string }
  const owner = ownerFor(callerOf(request), scope)
  const [startedAt, after] = cursor === undefined ? [deps.now().getTime(), undefined] : readCursor(cursor)
  const filters = filtersOf(rest)
  const to = new Date(Math.min(startedAt, filters.to?.getTime() ?? startedAt))
  const input = { page: 1, limit, cursor: after }
  const page = await listDeadLetters(deps.store, owner, { ...filters, to, state: 'OPEN' }, input, { ascending: true })
  const { total, hasMore } = page
  return { page, rest: { total, hasMore, nextCursor: page.nextCursor && `${startedAt}.${page.nextCursor}` } }
}

function readCursor(cursor: string): [number, string] {
  const [, startedAt, after] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? []
  if (startedAt === undefined || after === undefined)
    throw new ApiError(400, 'CURSOR_INVALID', 'The cursor is not valid. Use the `nextCursor` of a previous response.')
  return [Number(startedAt), after]
}

function actorOf(request: AnyRequest, { now }: GatewayDeps): Actor {
  const { id, name } = callerOf(request)
  return { id: toId(id), name, at: now() }
}

const refusal = (reason: string, isEdited: boolean) =>
  isEdited
    ? new ApiError(422, 'PAYLOAD_INVALID', `The edited payload cannot be replayed. ${reason}`, {
        errors: [{ path: 'payload', message: reason }],
      })
    : new ApiError(409, 'NOT_REPLAYABLE', reason)

type Changes = AuditLogDoc['changes']
type Move = 'replay' | 'return' | 'discard'
const STATES = { replay: 'REPLAYED', return: 'NEW', discard: 'DISCARDED' } as const

/** One audit entry for each dead letter that is moved, under the tenant that owns it. */
const entriesOf = (request: AnyRequest, deps: GatewayDeps, what: Move, changes: Changes = {}) =>
  audited<readonly DeadLetterDoc[]>(request, deps, deadLetters =>
    deadLetters.map(({ _id, tenantId, state: before }) => ({
      tenantId,
      action: `deadLetters.${what}`,
      object: { kind: 'deadLetter', id: String(_id) },
      changes: { state: { before: what === 'return' ? 'REPLAYED' : before, after: STATES[what] }, ...changes },
    })),
  )

/** The audit entries of those that are discarded, by their ids. */
function discardEntries(
  request: AnyRequest,
  deps: GatewayDeps,
  asked: readonly DeadLetterDoc[],
  reason: string,
): Alongside<Id[]> {
  const entries = entriesOf(request, deps, 'discard', { reason: { before: null, after: reason } })
  return async (ids, session) => {
    const done = new Set(ids.map(String))
    await entries(
      asked.filter(({ _id }) => done.has(String(_id))),
      session,
    )
  }
}

/** Audit change of an edited payload, by hashes only: the text stays with the dead letter, where an erasure finds it. */
function editOf({ payload }: DeadLetterDoc, edited: string | undefined): Changes {
  if (edited === undefined || edited === payload) return {}
  return { payload: { before: hash(payload), after: hash(edited) } }
}

const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
