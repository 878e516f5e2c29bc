import { z } from 'zod'
import { type OutgoingEvent, TEST_TYPE } from '#shared/contracts/event-subscriptions.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { EventDeliveryDoc, EventSubscriptionDoc } from '#shared/model/documents.ts'
import { newId, toId } from '#shared/model/ids.ts'
import { pageView } from '#shared/store/pages.ts'
import { getDelivery, listDeliveries, orderAgain, orderTest } from '#shared/store/subscriptions/deliveries.ts'
import {
  changeSubscription,
  getSubscription,
  orderedReplay,
  type SubscriptionChange,
} from '#shared/store/subscriptions/subscriptions.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams, listOf, Paging, Time } from '../schemas.ts'
import { path, tag } from './routes.ts'
import {
  DELIVERY_STATES,
  DeliveryDetailView,
  DeliveryView,
  deliveryView,
  SubscriptionView,
  subscriptionView,
  TYPES_WITH_TEST,
} from './view.ts'

const list = route({
  method: 'get',
  path: `${path}/{id}/deliveries`,
  action: 'subscriptions.read',
  tag,
  summary: 'Deliveries of an event subscription of the last week with their attempts, newest event first',
  params: IdParams,
  query: z.strictObject({
    ...Paging,
    state: z.enum(DELIVERY_STATES).optional(),
    type: z.enum(TYPES_WITH_TEST as [string, ...string[]]).optional(),
    from: Time.optional().describe('Of events at this time or later'),
    to: Time.optional().describe('Of events before this time'),
  }),
  returns: listOf(DeliveryView),
  async handle(request, { store }: GatewayDeps) {
    const subscription = await getSubscription(store, callerOf(request).tenantId, request.params.id)
    const { page: number, limit, cursor, state, ...filters } = request.query
    const wanted = { ...filters, state: state?.toUpperCase() as EventDeliveryDoc['state'] | undefined }
    const paging = { page: number, limit, ...(cursor !== undefined && { cursor }) }
    return { body: pageView(await listDeliveries(store, subscription, wanted, paging), deliveryView) }
  },
})

const one = route({
  method: 'get',
  path: '/api/v1/event-deliveries/{id}',
  action: 'subscriptions.read',
  tag,
  summary: 'Get a delivery of an event with what is posted and its attempts',
  params: IdParams,
  returns: DeliveryDetailView,
  async handle(request, { store }: GatewayDeps) {
    const row = await getDelivery(store, callerOf(request).tenantId, request.params.id)
    return { body: { ...deliveryView(row), body: JSON.parse(row.body) as OutgoingEvent } }
  },
})

const again = route({
  method: 'post',
  path: '/api/v1/event-deliveries/{id}/replay',
  action: 'subscriptions.write',
  tag,
  summary: 'Deliver one event again, under the same id; one that waits for its next attempt goes at once',
  params: IdParams,
  status: 202,
  returns: DeliveryView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const entry = audited<EventDeliveryDoc>(request, deps, ({ eventId, subscriptionId }) => ({
      action: 'subscriptions.replayOne',
      object: { kind: 'eventSubscription', id: String(subscriptionId) },
      changes: { eventId: { before: null, after: eventId } },
    }))
    const row = await orderAgain(deps.store, { tenantId, id: request.params.id, now: deps.now() }, entry)
    return { status: 202, body: deliveryView(row) }
  },
})

const replay = route({
  method: 'post',
  path: `${path}/{id}/replay`,
  action: 'subscriptions.write',
  tag,
  summary:
    'Deliver the events of a time again, under the same ids: deliveries of the last week, and events of the last day that the subscription missed',
  params: IdParams,
  body: z.strictObject({
    from: Time.describe('Events at this time or later'),
    to: Time.optional().describe('Events before this time; until now by default'),
    onlyFailed: z.boolean().default(false).describe('Those only whose attempts ended without success'),
  }),
  status: 202,
  returns: SubscriptionView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const now = deps.now()
    const { from, to = now, onlyFailed } = request.body
    requireOrder(from, to)
    const entry = audited<SubscriptionChange>(request, deps, () => ({
      action: 'subscriptions.replay',
      object: { kind: 'eventSubscription', id: request.params.id },
      changes: {
        from: { before: null, after: from },
        to: { before: null, after: to },
        onlyFailed: { before: null, after: onlyFailed },
      },
    }))
    const which = { tenantId, id: request.params.id, by: toId(by), now }
    const decide = (before: EventSubscriptionDoc) => orderedReplay(before, { from, to, onlyFailed }, now)
    const { after } = await changeSubscription(deps.store, which, decide, entry)
    return { status: 202, body: subscriptionView(after, now) }
  },
})

const test = route({
  method: 'post',
  path: `${path}/{id}/test`,
  action: 'subscriptions.write',
  tag,
  summary: 'Post a test delivery, which is tried once; also of a subscription that is switched off',
  params: IdParams,
  status: 202,
  returns: DeliveryView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const subscription = await getSubscription(deps.store, tenantId, request.params.id)
    const entry = audited<EventDeliveryDoc>(request, deps, ({ eventId }) => ({
      action: 'subscriptions.test',
      object: { kind: 'eventSubscription', id: request.params.id },
      changes: { eventId: { before: null, after: eventId } },
    }))
    return {
      status: 202,
      body: deliveryView(await orderTest(deps.store, subscription, testDelivery(subscription, deps.now()), entry)),
    }
  },
})

export const deliveryRoutes = [list, one, again, replay, test]

function requireOrder(from: Date, to: Date): void {
  if (from < to) return
  const message = 'Must be before `to`'
  throw new ApiError(422, 'TIMES_INVALID', `from: ${message}`, { errors: [{ path: 'from', message }] })
}

function testDelivery({ tenantId, _id: subscriptionId }: EventSubscriptionDoc, now: Date): EventDeliveryDoc {
  const _id = newId()
  const eventId = `test:${_id}`
  const data = { subscriptionId: String(subscriptionId), text: 'This is a test. Nothing has happened.' }
  const event = { id: eventId, type: TEST_TYPE, timestamp: now.toISOString(), tenantId: String(tenantId), seq: null, data }
  return {
    _id,
    tenantId,
    subscriptionId,
    eventId,
    type: TEST_TYPE,
    seq: 0,
    conversationId: null,
    orderingKey: eventId,
    at: now,
    state: 'PENDING',
    isTest: true,
    isErasure: false,
    body: JSON.stringify(event satisfies OutgoingEvent),
    tries: 0,
    nextAttemptAt: now,
    attempts: [],
    deliveredAt: null,
    replayedAt: null,
    createdAt: now,
  }
}
