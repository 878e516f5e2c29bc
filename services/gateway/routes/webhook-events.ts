import { z } from 'zod'
import { notFound } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { WebhookEventDoc } from '#shared/store/documents.ts'
import { findPage, pageView } from '#shared/store/pages.ts'
import type { GatewayDeps } from '../deps.ts'
import { listOf, Paging } from './schemas.ts'

const tag = 'operations'
const STATUSES = ['PENDING', 'PROCESSED', 'FAILED', 'IGNORED'] as const

const WebhookEventView = z.object({
  id: z.string(),
  receivedAt: z.iso.datetime(),
  phoneNumberId: z.string().nullable(),
  wabaId: z.string().nullable(),
  eventType: z.enum(['message', 'status', 'error', 'account']),
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
  summary: 'What Meta reported, newest first, and what became of it',
  query: z.strictObject({
    ...Paging,
    status: z.enum(STATUSES).optional(),
    eventType: z.enum(['message', 'status', 'error', 'account']).optional(),
    phoneNumberId: z
      .string()
      .regex(/^\d{1,32}$/)
      .optional(),
  }),
  returns: listOf(WebhookEventView),
  async handle(request, { store }: GatewayDeps) {
    const { status, eventType, phoneNumberId } = request.query
    const filter = {
      tenantId: callerOf(request).tenantId,
      ...(status && { status }),
      ...(eventType && { eventType }),
      ...(phoneNumberId && { phoneNumberId }),
    }
    const projection = { payload: 0 } as const
    const page = await findPage<WebhookEventDoc>(store.models.webhookEvents, filter, 'receivedAt', request.query, { projection })
    return { body: pageView(page, webhookEventView) }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/webhook-events/{id}',
  action: 'webhookEvents.read',
  tag,
  summary: 'One report of Meta with its payload',
  params: z.strictObject({ id: z.string().min(1).max(1024) }),
  returns: WebhookEventDetailView,
  async handle(request, { store }: GatewayDeps) {
    const filter = { tenantId: callerOf(request).tenantId, _id: request.params.id }
    const event = await store.models.webhookEvents.findOne(filter).lean()
    if (event === null) throw notFound('Webhook event')
    return { body: { ...webhookEventView(event), payload: event.payload } }
  },
})

export const webhookEventRoutes = [list, one]

/** Seed 000 asks whether it was processed and with what error, the others for the status. */
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
