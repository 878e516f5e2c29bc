import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import mongoose from 'mongoose'
import { type Lease, leaseInTurn } from './in-turn.ts'

/**
 * Databases of tests, used in turn and emptied: to make collections and indexes takes a second or two, to empty them some
 * milliseconds. More than tests run at once, so that who wrote late into one has ended when it comes round again.
 */
const COUNT = 16
/** For a lock that a killed process has left. */
const EMPTY_MS = 10_000

/** Keys of what is leased, which carry names of databases too. */
const LEASES = 'linko:test:'

const newName = () => `linko_test_${randomBytes(6).toString('hex')}`

/** Names of the databases of a run, which no other run has. */
export function databaseNames(): string[] {
  const run = newName()
  return Array.from({ length: COUNT }, (_, i) => `${run}_${i}`)
}

/**
 * A database without rows that nobody else has now, and nothing of it in Redis; its collections and indexes may be there.
 * @param uri with `DATABASE` in the place of the name @param isFresh one without collections, which is dropped when it is released
 */
export async function leaseDatabase(redis: Redis, uri: string, names: readonly string[], isFresh: boolean): Promise<Lease> {
  const lease = isFresh ? null : await leaseInTurn(redis, `${LEASES}${names[0]}`, names)
  if (lease === null) return ofItsOwn(uri)
  if (!lease.isUsed) return lease
  await forgetKeys(redis, lease.name)
  if (await isEmptied(uri.replace('DATABASE', lease.name))) return lease
  // It stays taken.
  return ofItsOwn(uri)
}

function ofItsOwn(uri: string): Lease {
  const name = newName()
  return { name, isUsed: false, release: () => dropDatabases(uri, [name]) }
}

export const dropDatabases = (uri: string, names: readonly string[]): Promise<void> =>
  withClient(uri.replace('DATABASE', 'admin'), async client => {
    for (const name of names) await client.db(name).dropDatabase()
  })

/** Locks, limits and holds, whose keys carry the name of the database. */
async function forgetKeys(redis: Redis, name: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `*${name}[:}]*`, count: 1000 }) as AsyncIterable<string[]>) {
    const own = keys.filter(key => !key.startsWith(LEASES))
    if (own.length > 0) await redis.del(own)
  }
}

async function isEmptied(uri: string): Promise<boolean> {
  try {
    await withClient(uri, async client => {
      const collections = await client.db().listCollections({}, { nameOnly: true }).toArray()
      const own = collections.filter(({ name }) => !name.startsWith('system.'))
      await Promise.all(own.map(({ name }) => client.db().collection(name).deleteMany({}, { maxTimeMS: EMPTY_MS })))
    })
    return true
  } catch {
    return false
  }
}

async function withClient(uri: string, work: (client: mongoose.mongo.MongoClient) => Promise<void>): Promise<void> {
  const client = await new mongoose.mongo.MongoClient(uri).connect()
  try {
    await work(client)
  } finally {
    await client.close()
  }
}
