import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { rewriteAccessTokens } from '#shared/auth/client-tokens.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import type { Logger } from '#shared/process/logger.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import type { DoctorConfig } from './config.ts'
import { type Finding, failed, ok, skipped } from './finding.ts'

const START_MS = 10_000

/** RabbitMQ: whether it answers and lets us in. */
export async function checkBroker({ RABBITMQ_URL: url }: DoctorConfig, log: Logger): Promise<Finding> {
  if (!url) return failed('broker', 'There is no RabbitMQ.', 'Set RABBITMQ_URL.')
  try {
    await using _queue = await connectQueue(url, { log, name: 'doctor', service: 'gateway', startWithinMs: START_MS })
    return ok('broker', 'RabbitMQ answers.')
  } catch {
    return failed('broker', 'RabbitMQ does not answer, or refuses this user.', 'Check RABBITMQ_URL, and `npm run broker-users`.')
  }
}

export async function checkRedis({ REDIS_URL: url }: DoctorConfig, log: Logger): Promise<Finding> {
  if (!url) return failed('redis', 'There is no Redis.', 'Set REDIS_URL.')
  await using redis = await connectRedis(url, { log, name: 'linko-doctor', commandTimeoutMs: 2000 })
  const answer = await redis.ping().catch(() => null)
  return answer === 'PONG'
    ? ok('redis', 'Redis answers.')
    : failed('redis', 'Redis does not answer: limits are kept by each process alone.', 'Check REDIS_URL.')
}

/** MongoDB, and what is stored in it or beside it. */
export async function checkDatabase(config: DoctorConfig, log: Logger): Promise<Finding[]> {
  if (!config.MONGODB_URI) return [failed('database', 'There is no MongoDB.', 'Set MONGODB_URI.')]
  const store = await connectStore(config.MONGODB_URI, { appName: 'linko-doctor', log, attempts: 2 }).catch(() => null)
  if (store === null) return [failed('database', 'MongoDB does not answer.', 'Check MONGODB_URI.')]
  await using _store = store
  return [await checkReplicaSet(store), await checkStorage(config, store), await checkKeys(config, store)]
}

async function checkReplicaSet(store: Store): Promise<Finding> {
  const hello = await store.connection.db?.command({ hello: 1 })
  if (typeof hello?.setName !== 'string')
    return failed(
      'database',
      'MongoDB is not a replica set, so it has no transactions.',
      'Start it as a replica set, also with one member.',
    )
  return (await store.takesWrites())
    ? ok('database', `MongoDB takes writes (replica set ${hello.setName}).`)
    : failed('database', 'MongoDB takes no writes that its majority has.', 'Bring a majority of its members back.')
}

/** Writes a small file, reads it and deletes it. */
async function checkStorage(config: DoctorConfig, store: Store): Promise<Finding> {
  const where = config.S3_BUCKET ? `the bucket ${config.S3_BUCKET}` : 'the database (GridFS)'
  await using storage = openStorage(config, store.connection)
  const key = `doctor/${randomUUID()}`
  try {
    await storage.put(key, Readable.from([Buffer.from(key)]), { contentType: 'text/plain' })
    const read = await text(await storage.get(key))
    await storage.delete(key)
    if (read === key) return ok('file storage', `Files are kept in ${where}.`)
  } catch {
    // The answer is the same as for a file that came back changed.
  }
  return failed(
    'file storage',
    `A file could not be written to ${where} and read again.`,
    'Check S3_ENDPOINT, S3_BUCKET and its keys.',
  )
}

/** Whether the keys open every stored token and PIN. */
async function checkKeys(config: DoctorConfig, store: Store): Promise<Finding> {
  const cure = 'Set TOKEN_ENCRYPTION_KEY or TOKEN_ENCRYPTION_KEYS with the keys of before: docs/numbers.md.'
  if (!config.TOKEN_ENCRYPTION_KEY && !config.TOKEN_ENCRYPTION_KEYS)
    return failed('token keys', 'There is no key: tokens can neither be stored nor used.', cure)
  const keyring = keyringOf(config)
  if (keyring === null) return failed('token keys', 'The keys cannot be read.', 'Write them as docs/numbers.md says.')
  const { total, unreadable } = await rewriteAccessTokens(store, keyring, { isDryRun: true })
  if (total === 0) return skipped('token keys', 'Nothing is stored yet.')
  return unreadable === 0
    ? ok('token keys', `The keys open all ${total} stored secrets.`)
    : failed('token keys', `The keys do not open ${unreadable} of ${total} stored secrets.`, cure)
}

function keyringOf(config: DoctorConfig) {
  const { TOKEN_ENCRYPTION_KEY: one, TOKEN_ENCRYPTION_KEYS: several } = config
  try {
    return createKeyring({ ...(one && { TOKEN_ENCRYPTION_KEY: one }), ...(several && { TOKEN_ENCRYPTION_KEYS: several }) })
  } catch {
    return null
  }
}
