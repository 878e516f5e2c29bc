import type { RealtimeEvents } from '#shared/contracts/realtime-event.ts'
import { toId } from '#shared/model/ids.ts'
import { DURABLE, openBroker, openDatabase, QUEUES, ready } from './parts.ts'

/** Process 4 of the mixed skeleton: numbers the events in their order, in a bulk. It has no sockets. */
const { events } = await openDatabase()
const broker = await openBroker()
let seq = 0

async function number(batch: Buffer[]): Promise<void> {
  const all = batch.flatMap(body => (JSON.parse(body.toString('utf8')) as RealtimeEvents).events)
  const updates = all.map(({ eventId, tenantId }) => ({
    updateOne: { filter: { _id: eventId, tenantId: toId(tenantId), seq: null }, update: { $set: { seq: ++seq } } },
  }))
  await events.bulkWrite(updates, { ...DURABLE, ordered: true })
}

await broker.consume([QUEUES.events], number)
ready()
