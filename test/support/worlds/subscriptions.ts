import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { newSubscriptionSecret, sealSecret } from '#shared/auth/subscription-secrets.ts'
import type { OutgoingEvent } from '#shared/contracts/event-subscriptions.ts'
import type { EventName } from '#shared/contracts/realtime-event.ts'
import type { EventDeliveryDoc, EventDoc, EventSubscriptionDoc, Id, TenantDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { raiseCounters } from '#shared/store/events/sequence.ts'
import { changeSubscription, createSubscription } from '#shared/store/subscriptions/subscriptions.ts'
import type { SenderWorld } from './sender.ts'

/** A request that an endpoint got, with what the package of the specification makes of it. */
export interface Received {
  id: string
  event: OutgoingEvent
  headers: Record<string, string>
  body: string
}
export type EndpointAnswer = (received: Received, response: ServerResponse, request: IncomingMessage) => void

export const take: EndpointAnswer = (_received, response) => void response.writeHead(204).end()
export const answerWith =
  (status: number, headers: Record<string, string> = {}): EndpointAnswer =>
  (_received, response) =>
    void response.writeHead(status, headers).end('no')

/** An endpoint of a tenant. Every request is kept; `answer` decides what comes back. */
export async function startEndpoint(answer: EndpointAnswer = take) {
  const endpoint = { received: [] as Received[], answer, origin: '', url: '' }
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const headers = request.headers as Record<string, string>
    const received = { id: headers['webhook-id'] as string, event: JSON.parse(body), headers, body }
    endpoint.received.push(received)
    endpoint.answer(received, response, request)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  endpoint.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  endpoint.url = `${endpoint.origin}/linko`
  return Object.assign(endpoint, {
    ids: () => endpoint.received.map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
}
export type Endpoint = Awaited<ReturnType<typeof startEndpoint>>

/** What the package of the specification reads from a request. @throws when it does not verify */
export const verified = (secret: string, { body, headers }: Received): OutgoingEvent =>
  new Webhook(secret).verify(body, headers) as OutgoingEvent

/** Subscriptions and an event log over a sender's world. */
export function subscriptionsOf({ store, keyring, tenantId }: Pick<SenderWorld, 'store' | 'keyring' | 'tenantId'>) {
  const seqs = new Map<string, number>()
  const own = (row: Pick<EventSubscriptionDoc, '_id'>) => ({ _id: row._id })

  return {
    async subscribe(url: string, more: Partial<EventSubscriptionDoc> = {}) {
      const owner = { _id: newId(), tenantId: more.tenantId ?? tenantId }
      const secret = newSubscriptionSecret()
      const secrets = [sealSecret(keyring, owner, { keyId: newId(), secret, createdAt: new Date() })]
      const fields = { ...owner, name: 'ERP', url, types: more.types ?? [], secrets, createdBy: null }
      const { after } = await createSubscription(store, fields, new Date(), async () => undefined)
      // Its own event has no number here, where no realtime service runs, and shall not be found by others.
      await store.raw.events.deleteMany({ name: 'subscription:status' })
      return { ...after, secret }
    },
    async addTenant(): Promise<Id> {
      const _id = newId()
      const settings = { unknownOutcome: 'fail' as const, maxWaitHours: 24, prices: [] }
      await store.raw.tenants.insertOne({ _id, name: 'Other', status: 'active', settings, limits: {} } as unknown as TenantDoc)
      return _id
    },
    /** Lets things happen, as the realtime service would number them. @returns ids of the events */
    async happen(conversations: readonly Id[], { of = tenantId, name = 'message:received' as EventName, at = new Date() } = {}) {
      const first = (seqs.get(String(of)) ?? 0) + 1
      const rows = conversations.map((conversationId, i): EventDoc => {
        const seq = first + i
        const payload = { conversationId: String(conversationId), n: seq, text: 'سلام ✓' }
        const about = { clientId: null, conversationId, userId: null, payload, createdAt: new Date(), seq }
        return { _id: `e:${of}:${seq}`, tenantId: of, name, at, ...about }
      })
      const last = first + rows.length - 1
      seqs.set(String(of), last)
      await store.raw.events.insertMany(rows)
      await raiseCounters(store, new Map([[String(of), last]]))
      return rows.map(({ _id }) => _id)
    },
    read: (row: Pick<EventSubscriptionDoc, '_id'>) =>
      store.raw.eventSubscriptions.findOne(own(row)) as Promise<EventSubscriptionDoc>,
    deliveries: (row: Pick<EventSubscriptionDoc, '_id'>): Promise<EventDeliveryDoc[]> =>
      store.raw.eventDeliveries.find({ subscriptionId: row._id }).sort({ seq: 1 }).toArray(),
    change: (row: EventSubscriptionDoc, decide: (before: EventSubscriptionDoc) => Partial<EventSubscriptionDoc>) =>
      changeSubscription(
        store,
        { tenantId: row.tenantId, id: row._id, by: newId(), now: new Date() },
        decide,
        async () => undefined,
      ),
  }
}
