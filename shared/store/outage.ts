import { Outage } from '../domain/errors.ts'

/** By name: the driver, mongoose and their copies each have classes of their own. */
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

/** Server codes that say "not now": elections, shutdown, lost neighbours, a full disk. A slow query is not among them. */
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

/** Whether MongoDB is away or electing, rather than the statement wrong: worth waiting and repeating, not an attempt. */
export function isOutage(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false
  if (OUTAGE_NAMES.has(error.name)) return true
  const { code, errorLabelSet, writeConcernError, errorResponse, cause } = error as Error & {
    code?: unknown
    /** What a bulk write wraps: its own name and labels say nothing of a lost connection. */
    errorResponse?: unknown
    errorLabelSet?: Set<string>
    writeConcernError?: { code?: unknown }
  }
  if (typeof code === 'number' && OUTAGE_CODES.has(code)) return true
  if (OUTAGE_LABELS.some(label => errorLabelSet?.has(label))) return true
  if (typeof writeConcernError?.code === 'number' && OUTAGE_CODES.has(writeConcernError.code)) return true
  return isOutage(errorResponse, depth + 1) || isOutage(cause, depth + 1)
}

/** Passes everything through, but turns MongoDB's absence into an Outage, which consumers wait out and the API answers with 503. */
export async function orOutage<T>(work: Promise<T> | PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Outage || !isOutage(error)) throw error
    throw new Outage('MongoDB is away', { cause: error })
  }
}
