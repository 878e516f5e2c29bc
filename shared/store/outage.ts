import { Outage } from '../domain/errors.ts'

/** Names of errors that mean an outage. Names, because the driver, mongoose and their copies have different classes. */
const OUTAGE_NAMES = new Set([
  'Outage',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoExpiredSessionError',
  'MongoNotConnectedError',
  'MongoServerClosedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoStalePrimaryError',
])

/** Server codes that mean an outage: elections, shutdown, lost members, a full disk. A slow query is not one. */
const OUTAGE_CODES = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  64, // WriteConcernFailed: written, but not yet by a majority
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
])
const OUTAGE_LABELS = ['RetryableWriteError', 'PoolRequestedRetry']

/** Whether an error means that MongoDB is unavailable or electing, so that the caller may wait and repeat the statement. */
export function isOutage(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false
  if (OUTAGE_NAMES.has(error.name)) return true
  const { code, errorLabelSet, writeConcernError, errorResponse, cause } = error as Error & {
    code?: unknown
    /** The error inside a bulk write error, whose own name and labels do not show a lost connection. */
    errorResponse?: unknown
    errorLabelSet?: Set<string>
    writeConcernError?: { code?: unknown }
  }
  if (typeof code === 'number' && OUTAGE_CODES.has(code)) return true
  if (OUTAGE_LABELS.some(label => errorLabelSet?.has(label))) return true
  if (typeof writeConcernError?.code === 'number' && OUTAGE_CODES.has(writeConcernError.code)) return true
  return isOutage(errorResponse, depth + 1) || isOutage(cause, depth + 1)
}

/** The result of `work`; an outage of MongoDB becomes an Outage, which consumers wait out and the API answers with 503. */
export async function orOutage<T>(work: Promise<T> | PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Outage || !isOutage(error)) throw error
    throw new Outage('MongoDB is away', { cause: error })
  }
}
