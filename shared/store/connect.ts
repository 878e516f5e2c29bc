import mongoose, { type ClientSession, type Connection } from 'mongoose'
import pRetry from 'p-retry'
import type { Logger } from '../process/logger.ts'
import { createModels, type Models, type RawCollections, rawCollections } from './models.ts'
import { isOutage, orOutage } from './outage.ts'
import { takesWrites } from './takes-writes.ts'
import { inTransaction } from './transaction.ts'

/**
 * The connection to MongoDB. `models` check fields, tenants and filters: an operator in a filter must be wrapped with `trusted`
 * of this file, `{ at: trusted({ $lt: now }) }`, so that an object from a request cannot act as one. `raw` are the driver's
 * collections without any check, for hot paths: only in the files that `escapes.test.ts` lists, with `tenantId` in the filter.
 */
export interface Store extends AsyncDisposable {
  readonly connection: Connection
  readonly models: Models
  readonly raw: RawCollections
  /** Runs `work` in a transaction, repeated on conflict for at most 15 s. @throws Outage when MongoDB is unavailable */
  transaction<T>(work: (session: ClientSession) => Promise<T>, options?: { attempts?: number }): Promise<T>
  /** Whether the driver knows a primary. */
  isReady(): boolean
  /**
   * Whether the server takes what handlers do: a write that a majority of its members has. A server that is locked or has lost its
   * majority answers pings and fails this. Resolves to false after 2.5 s at the latest.
   */
  takesWrites(): Promise<boolean>
}

export interface StoreOptions {
  appName?: string
  log?: Logger
  /** Maximum number of connections, 20 by default. A batch of writes and a request of the gateway use one at a time. */
  maxPoolSize?: number
  /** Number of tries to connect at start, 10 by default, up to 5 s apart. */
  attempts?: number
  /** Longest wait for a primary, 5 s by default. */
  selectionTimeoutMs?: number
  /** Longest wait for the answer to a statement, 10 s by default; the driver retries a retryable statement once. */
  answerTimeoutMs?: number
  /** Called as a command is sent to the server, for tests that count them; heartbeats are no commands. */
  onCommand?: (command: SentCommand) => void
}

export interface SentCommand {
  /** `find`, `aggregate`, `insert` and the like. */
  name: string
  /** Null for a command that is about no collection. */
  collection: string | null
  /** The whole command. */
  command: Record<string, unknown>
}

/** Marks an object in a filter as an operator; an unmarked one is compared as a value. */
export const trusted = <T extends object>(operator: T): T => mongoose.trusted(operator)

/** Connects to MongoDB, with retries because the server may still be starting. Does not migrate. */
export async function connectStore(uri: string, options: StoreOptions = {}): Promise<Store> {
  const connection = await pRetry(() => open(uri, options), {
    retries: (options.attempts ?? 10) - 1,
    minTimeout: 500,
    maxTimeout: 5000,
    shouldRetry: ({ error }) => isOutage(error),
    onFailedAttempt: ({ error, attemptNumber }) =>
      options.log?.warn({ err: error, attempt: attemptNumber }, 'mongodb not connected, retrying'),
  })
  return createStore(connection, options.log)
}

async function open(uri: string, options: StoreOptions): Promise<Connection> {
  const connection = mongoose.createConnection()
  connection.on('error', error => options.log?.warn({ err: error }, 'mongodb connection failed'))
  try {
    await connection.openUri(uri, {
      appName: options.appName ?? 'linko',
      maxPoolSize: options.maxPoolSize ?? 20,
      serverSelectionTimeoutMS: options.selectionTimeoutMs ?? 5000,
      connectTimeoutMS: 5000,
      // Ends a statement that gets no answer; the driver's timeoutMS has no effect.
      socketTimeoutMS: options.answerTimeoutMs ?? 10_000,
      // Statements that may take long make others wait as long for their connection.
      waitQueueTimeoutMS: Math.max(10_000, options.answerTimeoutMs ?? 0),
      heartbeatFrequencyMS: 3000,
      retryWrites: true,
      retryReads: true,
      writeConcern: { w: 'majority', j: true },
      ignoreUndefined: true,
      bufferCommands: false,
      autoIndex: false,
      autoCreate: false,
      sanitizeFilter: true,
      monitorCommands: options.onCommand !== undefined,
    })
    if (options.onCommand) reportCommands(connection, options.onCommand)
    return connection
  } catch (error) {
    await connection.destroy().catch(() => undefined)
    throw error
  }
}

function reportCommands(connection: Connection, report: (command: SentCommand) => void): void {
  connection.getClient().on('commandStarted', ({ commandName: name, command }) => {
    const about: unknown = command[name]
    report({ name, collection: typeof about === 'string' ? about : null, command })
  })
}

function createStore(connection: Connection, log: Logger | undefined): Store {
  const client = connection.getClient()
  const db = connection.db
  if (db === undefined) throw new Error('MONGODB_URI must name a database')
  let hasPrimary = true
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const found = [...newDescription.servers.values()].some(server => server.isWritable)
    if (found !== hasPrimary) log?.warn({ primary: found }, found ? 'mongodb primary found' : 'mongodb primary lost')
    hasPrimary = found
  })
  return {
    connection,
    models: createModels(connection),
    raw: rawCollections(db),
    transaction: (work, { attempts } = {}) => orOutage(inTransaction(() => connection.startSession(), work, attempts)),
    isReady: () => hasPrimary,
    takesWrites: () => takesWrites(rawCollections(db).leases),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
