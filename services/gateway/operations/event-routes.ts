import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { type Caller, callerOf, route } from '#shared/http/route.ts'
import type { WebhookEventDoc } from '#shared/model/documents.ts'
import { pageView } from '#shared/store/pages.ts'
import { type EventOwner, getWebhookEvent, listWebhookEvents } from '#shared/store/webhooks/webhook-events.ts'
import type { GatewayDeps } from '../deps.ts'
import { flagText, listOf, Paging } from '../schemas.ts'

const tag = 'webhook events'
export const STATUSES = ['PENDING', 'PROCESSED', 'FAILED', 'IGNORED'] as const
export const EVENT_TYPES = ['message', 'status', 'error', 'account'] as const
export const EventIdParams = z.strictObject({ id: z.string().min(1).max(1024) })

/** Filters shared by the list and the replay of webhook events. */
export const eventFilters = {
  status: z.enum(STATUSES).optional(),
  eventType: z.enum(EVENT_TYPES).optional(),
  field: z
    .string()
    .regex(/^\w{1,64}$/)
    .optional()
    .describe("Meta's webhook field, for example messages or account_update"),
  phoneNumberId: z
    .string()
    .regex(/^\d{1,32}$/)
    .optional(),
  from: z.iso.datetime().optional().describe('Received at this time or later'),
  to: z.iso.datetime().optional().describe('Received before this time'),
}

const WebhookEventView = z.object({
  id: z.string(),
  receivedAt: z.iso.datetime(),
  phoneNumberId: z.string().nullable(),
  wabaId: z.string().nullable(),
  eventType: z.enum(EVENT_TYPES),
  field: z.string(),
  status: z.enum(STATUSES),
  processed: z.boolean(),
  processingError: z.string().nullable(),
  attempts: z.number().int(),
  processedAt: z.iso.datetime().nullable(),
})
const WebhookEventDetailView = WebhookEventView.extend({ payload: z.record(z.string(), z.unknown()) })

const list = route({
  method: 'get',
  path: '/api/v1/webhook-events',
  action: 'webhookEvents.read',
  tag,
  summary: 'List webhook events from Meta with their processing status, newest first',
  query: z.strictObject({
    ...Paging,
    ...eventFilters,
    unowned: flagText.optional().describe('Events of numbers without a tenant, for platform admins only'),
  }),
  returns: listOf(WebhookEventView),
  async handle(request, { store }: GatewayDeps) {
    const { unowned, from, to, page: number, limit, cursor, ...filters } = request.query
    const owner = ownerFor(callerOf(request), unowned ?? false)
    const page = await listWebhookEvents(
      store,
      owner,
      { ...filters, ...timesOf({ from, to }) },
      { page: number, limit, cursor },
      { projection: { payload: 0 } },
    )
    return { body: pageView(page, webhookEventView) }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/webhook-events/{id}',
  action: 'webhookEvents.read',
  tag,
  summary: 'Get a webhook event with its payload',
  params: EventIdParams,
  returns: WebhookEventDetailView,
  async handle(request, { store }: GatewayDeps) {
    const { event } = await findEvent(store, callerOf(request), request.params.id)
    return { body: { ...webhookEventView(event), payload: event.payload } }
  },
})

export const webhookEventRoutes = [list, one]

/** ISO 8601 bounds as dates; `from` is included, `to` is not. */
export const timesOf = ({ from, to }: { from?: string | undefined; to?: string | undefined }) => ({
  from: from === undefined ? undefined : new Date(from),
  to: to === undefined ? undefined : new Date(to),
})

/** Owner of the events; null for those without a tenant. @throws ApiError 403 for these, except for platform admins */
export function ownerFor(caller: Caller, unowned: boolean): EventOwner {
  if (!unowned) return caller.tenantId
  if (!caller.may('platform.operations'))
    throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin can see events without a tenant.')
  return null
}

/** Event of the caller's tenant, or for a platform admin also one without a tenant. @throws ApiError 404 */
export async function findEvent(
  store: GatewayDeps['store'],
  caller: Caller,
  id: string,
): Promise<{ event: WebhookEventDoc; owner: EventOwner }> {
  try {
    return { event: await getWebhookEvent(store, caller.tenantId, id), owner: caller.tenantId }
  } catch (error) {
    if (!(error instanceof ApiError) || !caller.may('platform.operations')) throw error
    return { event: await getWebhookEvent(store, null, id), owner: null }
  }
}

/** View of an event. `processed` and `processingError` are LinkoJob's names for what `status` and `reason` say. */
function webhookEventView(doc: WebhookEventDoc): z.infer<typeof WebhookEventView> {
  return {
    id: doc._id,
    receivedAt: doc.receivedAt.toISOString(),
    phoneNumberId: doc.phoneNumberId,
    wabaId: doc.wabaId,
    eventType: doc.eventType,
    field: doc.field,
    status: doc.status,
    processed: doc.status === 'PROCESSED',
    processingError: doc.reason,
    attempts: doc.attempts,
    processedAt: doc.processedAt?.toISOString() ?? null,
  }
}
