import { mongo } from 'mongoose'
import { expect, test } from 'vitest'
import { ApiError, Outage } from '../domain/errors.ts'
import { isOutage, orOutage } from './outage.ts'

const serverError = (code: number, labels: string[] = []) => {
  const error = new mongo.MongoServerError({ message: 'from the server', code })
  for (const label of labels) error.addErrorLabel(label)
  return error
}
const named = (name: string) => Object.assign(new Error('x'), { name })

test.for<[string, unknown]>([
  ['a lost connection', new mongo.MongoNetworkError('reset')],
  ['no answer in time', new mongo.MongoNetworkTimeoutError('timeout')],
  ['no primary to be found', named('MongoServerSelectionError')],
  ['no primary, as an error of mongoose', named('MongooseServerSelectionError')],
  ['a cleared pool', named('MongoPoolClearedError')],
  ['no free connection in time', named('MongoWaitQueueTimeoutError')],
  ['an expired session', new mongo.MongoExpiredSessionError()],
  ['a closed client', new mongo.MongoTopologyClosedError()],
  ['a step-down', serverError(189)],
  ['not the primary', serverError(10107)],
  ['an interruption by a change of roles', serverError(11602)],
  ['shutdown', serverError(91)],
  ['a full disk', serverError(14031)],
  ['a write without a majority yet', serverError(64)],
  ['an error that the server labels as retryable', serverError(1, ['RetryableWriteError'])],
  ['an outage as the cause of another error', new Error('wrapped', { cause: new mongo.MongoNetworkError('reset') })],
])('%s is an outage', async ([, error]) => {
  expect(isOutage(error)).toBe(true)
  const outcome = orOutage(Promise.reject(error))
  await expect(outcome).rejects.toBeInstanceOf(Outage)
  await expect(outcome).rejects.toMatchObject({ cause: error })
})

test.for<[string, unknown]>([
  ['a duplicate key', serverError(11_000)],
  ['a write conflict', serverError(112, ['TransientTransactionError'])],
  ['a statement that is too slow', serverError(50)],
  ['no permission', serverError(13)],
  ['a bug', new TypeError('x is undefined')],
  ['an error for the caller', new ApiError(404, 'NOT_FOUND', 'no')],
  ['a value that is not an error', 'MongoNetworkError'],
])('%s is not an outage', async ([, error]) => {
  expect(isOutage(error)).toBe(false)
  await expect(orOutage(Promise.reject(error))).rejects.toBe(error)
})

test('an Outage is passed on unchanged', async () => {
  const outage = new Outage('RabbitMQ is away')
  await expect(orOutage(Promise.reject(outage))).rejects.toBe(outage)
})

test('an error that is its own cause ends the search', () => {
  const error = new Error('circle')
  error.cause = error
  expect(isOutage(error)).toBe(false)
})

test('a bulk write without a server is an outage, though the driver wraps the error', async () => {
  const client = new mongo.MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 50 })
  await expect(client.connect()).rejects.toThrow()
  const error: unknown = await client
    .db('x')
    .collection('y')
    .bulkWrite([{ insertOne: { document: { a: 1 } } }])
    .catch(reason => reason)
  expect(error).toBeInstanceOf(mongo.MongoBulkWriteError)
  expect(isOutage(error)).toBe(true)
  await client.close()
})
