import mongoose, { type ClientSession, type Connection } from 'mongoose'
import pRetry from 'p-retry'
import type { Logger } from '../process/logger.ts'
import { createModels, type Models, type RawCollections, rawCollections } from './models.ts'
import { isOutage, orOutage } from './outage.ts'
import { inTransaction } from './transaction.ts'

/**
 * MongoDB. Models check fields, tenants and filters: an operator in a filter is wrapped with `trusted` of this file,
 * `{ at: trusted({ $lt: now }) }`; an object that came in from outside cannot be one. `raw` are the driver's own collections
 * without any check: for hot paths, in the files that a lint test lists, and always with `tenantId` in the filter.
 */
export interface Store extends AsyncDisposable {
  readonly connection: Connection
  readonly models: Models
  readonly raw: RawCollections
  /** One transaction, repeated on conflict (bounded). @throws Outage when MongoDB is away */
  transaction<T>(work: (session: ClientSession) => Promise<T>, options?: { attempts?: number }): Promise<T>
  /** True while a primary is known. */
  isReady(): boolean
  /** Asks the server; false after at most 5 s. */
  ping(): Promise<boolean>
}

export interface StoreOptions {
  appName?: string
  log?: Logger
  /** Connections at most; a batch of writes needs one, a request in the gateway one at a time. */
  maxPoolSize?: number
  /** How often connecting is tried at start, a few seconds apart. */
  attempts?: number
  /** Longest wait for a primary, and for the answer to a statement; the driver repeats what may be repeated once. */
  selectionTimeoutMs?: number
  answerTimeoutMs?: number
}

/** Marks an operator of our own in a filter, which is refused (compared as a value) otherwise. */
export const trusted = <T extends object>(operator: T): T => mongoose.trusted(operator)

/** Connects, patiently: at start the server may still be on its way. Migration is not done here. */
export async function connectStore(uri: string, options: StoreOptions = {}): Promise<Store> {
  const connection = await pRetry(() => open(uri, options), {
    retries: (options.attempts ?? 10) - 1,
    minTimeout: 500,
    maxTimeout: 5000,
    shouldRetry: ({ error }) => isOutage(error),
    onFailedAttempt: ({ error, attemptNumber }) => options.log?.warn({ err: error, attempt: attemptNumber }, 'mongodb is away'),
  })
  return createStore(connection, options.log)
}

async function open(uri: string, options: StoreOptions): Promise<Connection> {
  const connection = mongoose.createConnection()
  connection.on('error', error => options.log?.warn({ err: error }, 'mongodb connection'))
  try {
    return await connection.openUri(uri, {
      appName: options.appName ?? 'linko',
      maxPoolSize: options.maxPoolSize ?? 20,
      serverSelectionTimeoutMS: options.selectionTimeoutMs ?? 5000,
      connectTimeoutMS: 5000,
      // The driver's own timeoutMS has no effect any more; this one ends a statement that gets no answer.
      socketTimeoutMS: options.answerTimeoutMs ?? 10_000,
      waitQueueTimeoutMS: 10_000,
      heartbeatFrequencyMS: 3000,
      retryWrites: true,
      retryReads: true,
      writeConcern: { w: 'majority', j: true },
      ignoreUndefined: true,
      bufferCommands: false,
      autoIndex: false,
      autoCreate: false,
      sanitizeFilter: true,
    })
  } catch (error) {
    await connection.destroy().catch(() => undefined)
    throw error
  }
}

function createStore(connection: Connection, log: Logger | undefined): Store {
  const client = connection.getClient()
  const db = connection.db
  if (db === undefined) throw new Error('mongodb: the address names no database')
  let hasPrimary = true
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const found = [...newDescription.servers.values()].some(server => server.isWritable)
    if (found !== hasPrimary) log?.warn({ primary: found }, found ? 'mongodb is back' : 'mongodb has no primary')
    hasPrimary = found
  })
  return {
    connection,
    models: createModels(connection),
    raw: rawCollections(db),
    transaction: (work, { attempts } = {}) => orOutage(inTransaction(() => connection.startSession(), work, attempts)),
    isReady: () => hasPrimary,
    ping: () =>
      db.command({ ping: 1 }).then(
        () => true,
        () => false,
      ),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
