import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import { toId } from '#shared/model/ids.ts'
import { listWebhookEvents } from '#shared/store/webhooks/webhook-events.ts'
import { type AuditText, audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { EventIdParams, eventFilters, findEvent, ownerFor, timesOf } from './event-routes.ts'
import { previewReplay, REPLAY_OUTCOMES, type ReplayBy, replayEvents } from './replay-events.ts'

const tag = 'webhook events'
const action = 'webhookEvents.replay'
/** Replaying a week takes hundreds of requests, so they count against the higher limit of reads. */
const bucket = 'read'
const NOT_PROCESSED = ['PENDING', 'FAILED', 'IGNORED'] as const

const dryRun = z.boolean().default(false).describe('Report what would change and change nothing')
const ReplayView = z.object({
  dryRun: z.boolean(),
  data: z.array(z.object({ id: z.string(), outcome: z.enum(REPLAY_OUTCOMES), reason: z.string().nullable() })),
  /** Dry run only: documents that would be created or changed. */
  changes: z.array(
    z.object({
      kind: z.enum(['contact', 'conversation', 'message', 'lead', 'template', 'number']),
      action: z.enum(['create', 'update', 'join']),
      id: z.string().nullable(),
      fields: z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() })),
    }),
  ),
  /** Dry run only: realtime events that would be emitted, counted by name. */
  events: z.record(z.string(), z.number().int()),
})

const one = route({
  method: 'post',
  path: '/api/v1/webhook-events/{id}/replay',
  action,
  bucket,
  tag,
  summary: 'Replay a failed or ignored webhook event; a processed one changes nothing',
  params: EventIdParams,
  body: z.strictObject({ dryRun }),
  status: 202,
  otherStatuses: { 200: 'Nothing was replayed: a dry run, or an event that is processed already' },
  returns: ReplayView,
  async handle(request, deps: GatewayDeps) {
    const { event, owner } = await findEvent(deps.store, callerOf(request), request.params.id)
    const isDry = request.body.dryRun
    const object = { kind: 'webhookEvent', id: event._id }
    const replay = isDry
      ? await previewReplay(deps, owner, [event])
      : await replayEvents(deps, owner, [event], byOf(request, deps, object))
    const [previewed] = replay.data
    if (previewed?.outcome === 'refused') throw new ApiError(409, 'NOT_REPLAYABLE', previewed.reason ?? '')
    return { status: previewed?.outcome === 'replayed' ? 202 : 200, body: { dryRun: isDry, ...replay } }
  },
})

const many = route({
  method: 'post',
  path: '/api/v1/webhook-events/replay',
  action,
  bucket,
  tag,
  summary: 'Replay a page of the webhook events that match a filter, oldest first; continue with nextCursor while hasMore',
  body: z.strictObject({
    ...eventFilters,
    unowned: z.boolean().default(false),
    dryRun,
    limit: z.number().int().min(1).max(200).default(100),
    cursor: z.string().max(1600).optional(),
  }),
  returns: ReplayView.extend({ total: z.number().int(), hasMore: z.boolean(), nextCursor: z.string().nullable() }),
  async handle(request, deps: GatewayDeps) {
    const { unowned, dryRun: isDry, from, to, limit, cursor, status, ...filters } = request.body
    const owner = ownerFor(callerOf(request), unowned)
    const wanted = { ...filters, ...timesOf({ from, to }), status: status ?? NOT_PROCESSED }
    const page = await listWebhookEvents(deps.store, owner, wanted, { page: 1, limit, cursor }, { ascending: true })
    const object = { kind: 'webhookEvents', id: JSON.stringify({ ...filters, status, from, to, unowned }) }
    const isPreview = isDry || page.rows.length === 0
    const replay = isPreview
      ? await previewReplay(deps, owner, page.rows)
      : await replayEvents(deps, owner, page.rows, byOf(request, deps, object))
    const { total, hasMore, nextCursor } = page
    return { body: { dryRun: isDry, ...replay, total, hasMore, nextCursor } }
  },
})

export const webhookReplayRoutes = [one, many]

type AnyRequest = RouteRequest<unknown, unknown, unknown>

function byOf(request: AnyRequest, deps: GatewayDeps, object: AuditText['object']): ReplayBy {
  const { id, name } = callerOf(request)
  const entryFor = (replayed: number) =>
    audited<null>(request, deps, () => ({ action, object, changes: { replayed: { before: null, after: replayed } } }))
  return { id: toId(id), name, traceparent: request.traceparent, entryFor }
}
