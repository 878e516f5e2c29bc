import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { webhookOf } from '../webhooks.ts'
import { createWorld } from '../world.ts'
import { deliveryOf } from './fixtures.ts'
import { openGateway, PEOPLE, type Person } from './gateway.ts'
import { log } from './ingest.ts'
import { userByEmail } from './realtime.ts'

/** The gateway with the demo world, and a hand on what its tests begin with: who wrote, and when. */
export async function openDialects(env: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack()
  const gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  const { store, queue } = gateway
  const { tenantId } = await userByEmail(store, PEOPLE.agent)
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store, queue, log, events, pace: newPace() })
  const conversationOf = async (waId: string) =>
    (await store.models.conversations.findOne({ tenantId, 'contact.waId': waId }).lean()) as ConversationDoc
  let count = 0
  const opened = stack.move()
  return {
    gateway,
    store,
    tenantId,
    conversationOf,
    call: (method: string, path: string, body?: unknown, as: Person = 'agent', headers: Record<string, string> = {}) =>
      gateway.call(method, path, { as, body, headers }),
    rowOf: async (id: string) => (await store.models.messages.findOne({ tenantId, _id: id }).lean()) as MessageDoc,
    /** Somebody writes to the demo's number, a moment ago. */
    async receive(
      from: string,
      text: string,
      to: string = DEMO_TENANTS.demo.phoneNumberId,
    ): Promise<{ wamid: string; at: Date }> {
      const wamid = `wamid.dialect.${++count}`
      const seconds = Math.floor(Date.now() / 1000) - 60 + count
      const message = { from, id: wamid, timestamp: String(seconds), type: 'text', text: { body: text } }
      const value = { metadata: { phone_number_id: to }, messages: [message] }
      await recording([deliveryOf(webhookOf(value), new Date())])
      return { wamid, at: new Date(seconds * 1000) }
    },
    async closeWindow(waId: string): Promise<void> {
      const filter = { tenantId, 'contact.waId': waId }
      await store.models.conversations.updateOne(filter, { $set: { windowExpiresAt: new Date(Date.now() - 1000) } })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type Dialects = Awaited<ReturnType<typeof openDialects>>
