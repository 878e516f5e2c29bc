import { createServer } from 'node:http'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { type SenderOptions, startSender } from '#services/sender/sender.ts'
import type { ConversationUpdates } from '#shared/contracts/event-payloads.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { sign } from '#shared/meta/signature.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { listen } from '#shared/process/health.ts'
import { untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { APP_SECRET, keyring, log, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'
import { startMeta } from './sender.ts'

export const SALMA = '212661000101'
const { phoneNumberId, wabaId } = DEMO_TENANTS.demo

/** The road of a message out and of its statuses home: gateway, sender, a Meta as the test wants it, ingest; on the demo world. */
export async function openRoad() {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await createWorld())
  const gateway = stack.use(await openGateway(world))
  const meta = stack.use(await startMeta())
  const { store, queue, redis } = gateway
  stack.use(await startRecorder({ store, queue, log }))
  const app = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  const server = stack.use(await listen(createServer(app), '127.0.0.1', 0))
  const { tenantId } = await userByEmail(store, PEOPLE.agent)
  // The demo's number may send as fast as a test likes.
  await store.raw.clients.updateOne({ phoneNumberId, tenantId }, { $set: { throughput: 1000 } })

  const call = (method: string, path: string, body?: object, as: Person = 'agent') =>
    gateway.call(method, `/api/v1${path}`, { as, ...(body && { body }) })
  const rowOf = async (id: string) => (await store.models.messages.findOne({ tenantId, _id: id }).lean()) as MessageDoc
  const conversationOf = async (waId: string) => {
    await gateway.project()
    return (await store.models.conversations.findOne({ tenantId, 'contact.waId': waId }).lean()) as ConversationDoc
  }

  let people = 212663000000
  const opened = stack.move()
  return {
    gateway,
    meta,
    tenantId,
    call,
    rowOf,
    conversationOf,
    webhookUrl: `http://127.0.0.1:${server.port}/api/v1/webhook`,
    async startSender(options: SenderOptions & { callTimeoutMs?: number; metaUrl?: string } = {}) {
      const client = createMetaClient({
        baseUrl: options.metaUrl ?? meta.url,
        version: 'v25.0',
        timeoutMs: options.callTimeoutMs ?? 5000,
      })
      const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix: `{${store.connection.name}}` })
      const deps = { store, queue, meta: client, keyring, storage: gateway.deps.storage, log, limits }
      const sender = await startSender(deps, { outboxEveryMs: 500, unknownDeadlineMs: 2000, ...options })
      return {
        async [Symbol.asyncDispose]() {
          await sender[Symbol.asyncDispose]()
          await client[Symbol.asyncDispose]()
        },
      }
    },
    /** Somebody who wrote a moment ago; the window ends as the test wants. */
    async person(windowExpiresAt: Date | null = new Date(Date.now() + 3_600_000)): Promise<string> {
      const waId = String(++people)
      const template = { to: waId, templateName: 'welcome', language: 'en_US', variables: ['Salma'] }
      const { body } = await call('POST', '/messages/send-template', template)
      await untilTrue(async () => (await rowOf(body.id)).status === 'SENT')
      await this.setWindow(waId, windowExpiresAt)
      meta.posts.length = 0
      return waId
    },
    async setWindow(waId: string, windowExpiresAt: Date | null): Promise<void> {
      await store.raw.conversations.updateOne({ tenantId, 'contact.waId': waId }, { $set: { windowExpiresAt } })
    },
    postsTo: (waId: string) => meta.posts.filter(({ to }) => to === `+${waId}`).map(({ body }) => body),
    async until(id: string, fact: (row: MessageDoc) => boolean): Promise<MessageDoc> {
      let row = await rowOf(id)
      const isTrue = async () => {
        row = await rowOf(id)
        return fact(row)
      }
      await untilTrue(isTrue).catch(error => {
        throw new Error(`${error.message}\n${JSON.stringify(row, null, 1)}`)
      })
      return row
    },
    eventsOf: async (id: string) => {
      const rows = await store.raw.events.find({ tenantId, 'payload.messageId': id }).sort({ createdAt: 1, _id: 1 }).toArray()
      return rows.map(({ name, payload }) => `${name} ${payload.state ?? payload.status}`)
    },
    /** What `conversation:updated` said, in order. */
    updatesOf: async (conversationId: string) => {
      const filter = { tenantId, name: 'conversation:updated' as const, 'payload.conversationId': conversationId }
      const rows = await store.raw.events.find(filter).sort({ createdAt: 1, _id: 1 }).toArray()
      return rows.map(({ payload }) => payload.updates as ConversationUpdates)
    },
    /** Meta reports about a message. */
    async report(wamid: string, to: string, status: string, more: object = {}): Promise<void> {
      const report = { id: wamid, status, timestamp: String(Math.floor(Date.now() / 1000)), recipient_id: to, ...more }
      const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, statuses: [report] }
      const raw = JSON.stringify(webhookOf(value, wabaId))
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw, APP_SECRET) }
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/webhook`, { method: 'POST', body: raw, headers })
      if (answer.status !== 200) throw new Error(`the receiver answered ${answer.status}`)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type Road = Awaited<ReturnType<typeof openRoad>>

export const WINDOW_ERROR = {
  code: 131047,
  title: 'Re-engagement message',
  error_data: { details: 'More than 24 hours have passed' },
}
export const TEMPLATE = { templateName: 'application_received', language: 'fr', variables: ['Salma', 'Comptable'] }
