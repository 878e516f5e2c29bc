import { setTimeout as sleep } from 'node:timers/promises'
import { mongo } from 'mongoose'
import { messageEventId } from '#shared/meta/webhook.ts'
import { untilCounted } from '../measure/patience.ts'
import type { Contestant } from './contestants.ts'

/** What a turn left in the rows of its contestant. */

/** How many of the customers' messages of a turn are stored. */
export const countInbound = ({ store, tenantId }: Contestant, tag: string) =>
  store.raw.messages.countDocuments({ tenantId, wamid: { $gte: `wamid.${tag}x`, $lt: `wamid.${tag}y` } })

/** How many of the users' messages that were accepted since then have been read by their recipients. */
export const countRead = ({ store, tenantId }: Contestant, since: Date) =>
  store.raw.messages.countDocuments({ tenantId, at: { $gte: since }, direction: 'OUTBOUND', status: 'READ' })

/** How many events have no number yet: realtime still works on them. */
export const countUnnumbered = ({ store, tenantId }: Contestant) => store.raw.events.countDocuments({ tenantId, seq: null })

/** A turn leaves no work to the next one. */
export const untilNumbered = (contestant: Contestant) =>
  untilCounted({ what: 'events to number left over', goal: 0, everyMs: 100 }, async () => -(await countUnnumbered(contestant)))

/** Counters follow their messages; after this they are wrong. */
const COUNTED_WITHIN_MS = 10_000

/** Conversations whose count is not, and does not become, that of their rows: the world began each with 1. */
export async function wrongCounters(contestant: Contestant): Promise<number> {
  const until = performance.now() + COUNTED_WITHIN_MS
  for (;;) {
    const wrong = await wrongNow(contestant)
    if (wrong === 0 || performance.now() > until) return wrong
    await sleep(200)
  }
}

async function wrongNow({ store }: Contestant): Promise<number> {
  const counted = await store.raw.messages.aggregate([{ $group: { _id: '$conversationId', count: { $sum: 1 } } }]).toArray()
  const counts = new Map(counted.map(row => [String(row._id), row.count as number]))
  const conversations = await store.raw.conversations.find({}, { projection: { messageCount: 1 } }).toArray()
  return conversations.filter(({ _id, messageCount }) => messageCount !== 1 + (counts.get(String(_id)) ?? 0)).length
}

interface OplogEntry {
  wall: Date
  o: { _id?: unknown; applyOps?: { ns: string; o: { _id?: unknown } }[] }
}

/**
 * From the post of each customer's message to the write of its receipt in `webhookEvents`, which is the last of its rows, in ms and
 * sorted. The times are those of the oplog, so they do not depend on what a contestant says of itself; a transaction's is its commit.
 */
export async function lagsOf({ store }: Contestant, tag: string, postedAt: readonly number[]): Promise<number[]> {
  const db = store.connection.db as mongo.Db
  const ns = `${db.databaseName}.webhookEvents`
  const since = new mongo.Timestamp({ t: Math.floor((postedAt[0] ?? 0) / 1000) - 1, i: 0 })
  const entries = store.connection
    .getClient()
    .db('local')
    .collection<OplogEntry>('oplog.rs')
    .find({
      ts: { $gte: since },
      $or: [
        { op: 'i', ns },
        { op: 'c', 'o.applyOps.ns': ns },
      ],
    })
    .project<OplogEntry>({ wall: 1, 'o._id': 1, 'o.applyOps.ns': 1, 'o.applyOps.o._id': 1 })
  const posted = new Map(postedAt.map((at, i) => [messageEventId(`wamid.${tag}x${i}`), at]))
  const lags: number[] = []
  for await (const { wall, o } of entries) {
    const ids = o.applyOps ? o.applyOps.flatMap(entry => (entry.ns === ns ? [entry.o._id] : [])) : [o._id]
    for (const id of ids) {
      const at = typeof id === 'string' ? posted.get(id) : undefined
      if (at !== undefined) lags.push(wall.getTime() - at)
    }
  }
  return lags.sort((a, b) => a - b)
}
