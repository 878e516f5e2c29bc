import type { mongo } from 'mongoose'
import type { Store } from './connect.ts'
import { perStore } from './per-store.ts'
import { ReadCache } from './read-cache.ts'

const KEPT_MS = 30_000
const answersOf = perStore(() => new ReadCache<boolean>({ capacity: 1, ttlMs: KEPT_MS }))

/**
 * Whether MongoDB is a replica set of one member. There its journal keeps the order of all writes: one that is durable makes every
 * earlier one durable, so that of several steps only the last must wait for it. With more members an election may undo an earlier
 * step and keep a later one. @throws Outage
 */
export const isSingleMember = (store: Store): Promise<boolean> => answersOf(store).get('hello', () => askMembers(store))

async function askMembers({ connection }: Store): Promise<boolean> {
  const { hosts = [], passives = [], arbiters = [] } = await (connection.db as mongo.Db).command({ hello: 1 })
  return hosts.length + passives.length + arbiters.length === 1
}
