import { randomUUID } from 'node:crypto'
import type { mongo } from 'mongoose'
import { Agent, request } from 'undici'
import { formatCallbackData } from '#shared/domain/messages/callback-data.ts'
import { asUpdate, inState, taken } from '#shared/domain/messages/dispatch.ts'
import type { MessageDoc } from '#shared/model/inbox.ts'
import { eventIds, messageSent } from '#shared/views/events.ts'
import { DURABLE, end, grouped, openBroker, openDatabase, publishEvents, publishItem, QUEUES, ready, unpacked } from './parts.ts'

/** Process 3 of the mixed skeleton: takes rows by one update, posts each, writes the outcomes by a bulk, and publishes. */
const { messages, events } = await openDatabase()
const broker = await openBroker()
const dispatcher = new Agent({ connections: 64, pipelining: 1 })
const headers = { 'content-type': 'application/json', authorization: 'Bearer EAAbenchToken' }
const url = `${process.env.META_GRAPH_URL}/v25.0`

interface Sent {
  message: MessageDoc
  token: string
  wamid: string
  at: Date
  latencyMs: number
}

async function take(batch: Buffer[]): Promise<void> {
  const rows = batch.map(unpacked)
  const token = randomUUID()
  const lease = taken({ token, owner: 'skeleton', leaseUntil: new Date(Date.now() + 60_000) })
  const filter = { _id: { $in: rows.map(({ _id }) => _id) }, ...inState('READY') } as mongo.Filter<MessageDoc>
  await messages.updateMany(filter, { $set: asUpdate(lease), $inc: { 'dispatch.attempt': 1 } } as mongo.UpdateFilter<MessageDoc>)
  for (const message of rows) post(message, token).then(finish, end)
}

async function post(message: MessageDoc, token: string): Promise<Sent> {
  const from = performance.now()
  const body = JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...message.payload,
    to: `+${message.contactKey}`,
    biz_opaque_callback_data: formatCallbackData({ priority: 'chat', messageId: String(message._id), attempt: 1 }),
  })
  const answer = await request(`${url}/${message.phoneNumberId}/messages`, { method: 'POST', body, headers, dispatcher })
  const { messages: accepted } = (await answer.body.json()) as { messages: { id: string }[] }
  return { message, token, wamid: accepted[0]?.id ?? '', at: new Date(), latencyMs: Math.round(performance.now() - from) }
}

const finish = grouped<Sent>(async batch => {
  await messages.bulkWrite(batch.map(outcomeOf), DURABLE)
  const rows = batch.map(({ message, wamid, at }) =>
    messageSent(eventIds.outcome(message._id, 'sent', at), { ...message, ...settled(wamid, at) }, at),
  )
  await events.insertMany(rows, DURABLE)
  const items = batch.map(({ message: { _id, contactKey } }) => ({ messageId: String(_id), waId: contactKey }))
  const shown = items.map(item => publishItem(broker, { kind: 'sent', ...item }))
  Promise.all([publishEvents(broker, rows), ...shown]).catch(end)
})

const settled = (wamid: string, at: Date) => ({
  status: 'SENT' as const,
  wamid,
  statusUpdatedAt: at,
  dispatch: null,
  updatedAt: at,
})

/** Only while it is taken: a status that came first has ended it. */
function outcomeOf({ message, token, wamid, at, latencyMs }: Sent): mongo.AnyBulkWriteOperation<MessageDoc> {
  const entry = { kind: 'attempt', at, attempt: 1, outcome: 'accepted', httpStatus: 200, latencyMs } as const
  const update = { $set: settled(wamid, at), $push: { timeline: { $each: [entry] } } } as mongo.UpdateFilter<MessageDoc>
  return { updateOne: { filter: { _id: message._id, 'dispatch.token': token } as mongo.Filter<MessageDoc>, update } }
}

await broker.consume([QUEUES.send], take)
ready()
