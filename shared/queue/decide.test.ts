import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Outage } from '../domain/errors.ts'
import { decide } from './decide.ts'
import { type BatchHandler, type Delivery, DONE } from './types.ts'

const log = pino({ level: 'silent' })
const deliveries = ['a', 'b'].map(messageId => ({ messageId }) as Delivery)
const run = (handler: BatchHandler, job = new AbortController(), available?: () => Promise<boolean>) =>
  decide(handler, deliveries, { queue: 'q', job, outageInPlaceMs: 60_000, available, log })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a single outcome applies to all deliveries, and a missing one is a retry', async () => {
  expect(await run(async () => DONE)).toEqual([DONE, DONE])
  expect(await run(async () => [DONE])).toMatchObject([DONE, { kind: 'retry' }])
})

test('a handler that throws causes a retry of all deliveries', async () => {
  const error = new Error('bug')
  expect(await run(() => Promise.reject(error))).toEqual([
    { kind: 'retry', error },
    { kind: 'retry', error },
  ])
})

test('[F20] an outage repeats the same deliveries until it is over', async () => {
  let calls = 0
  const seen: Delivery[][] = []
  const decision = run(async given => {
    seen.push(given)
    if (++calls < 4) throw new Outage('mongodb is away')
    return DONE
  })
  await vi.advanceTimersByTimeAsync(200 + 500 + 1000)
  expect(await decision).toEqual([DONE, DONE])
  expect(seen).toHaveLength(4)
  expect(seen.every(given => given === deliveries)).toBe(true)
})

test('[F20] while the server is away no error is an attempt, whatever it is called', async () => {
  let calls = 0
  const isThere = () => calls > 2
  const failing = async () => {
    calls++
    if (!isThere()) throw new Error('operation exceeded time limit')
    return DONE
  }
  expect(await run(failing, new AbortController(), async () => isThere())).toEqual([DONE, DONE])
  expect(calls).toBe(3)
})

test('an error while the server is there is an attempt', async () => {
  const error = new Error('bug')
  const decision = run(
    () => Promise.reject(error),
    new AbortController(),
    async () => true,
  )
  expect(await decision).toMatchObject([{ kind: 'retry' }, { kind: 'retry' }])
})

test('[F20] a handler that hangs while the server is away makes no attempt: its messages return', async () => {
  const hanging = () => new Promise<never>(() => undefined)
  const decision = run(hanging, new AbortController(), () => Promise.reject(new Error('no answer')))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await decision).toBe('outage')
})

test('[F20] a long outage returns the messages to the queue', async () => {
  const decision = run(() => Promise.reject(new Outage('mongodb is away')))
  await vi.advanceTimersByTimeAsync(70_000)
  expect(await decision).toBe('outage')
})

test('the wait for the end of an outage ends with the channel', async () => {
  const job = new AbortController()
  const decision = run(() => Promise.reject(new Outage('mongodb is away')), job)
  await vi.advanceTimersByTimeAsync(300)
  job.abort()
  expect(await decision).toBe('leave')
})

test('an error of a handler that was stopped is not an attempt', async () => {
  const job = new AbortController()
  const decision = run(
    (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    job,
  )
  job.abort(new Error('stop'))
  expect(await decision).toBe('leave')
})

test('a consumer may allow its handler more time', async () => {
  const job = new AbortController()
  const options = { queue: 'q', job, outageInPlaceMs: 60_000, handlerMs: 300_000, log }
  const decision = decide(() => new Promise(resolve => setTimeout(() => resolve(DONE), 200_000)), deliveries, options)
  await vi.advanceTimersByTimeAsync(200_000)
  expect([await decision, job.signal.aborted]).toEqual([[DONE, DONE], false])
})

test('a handler that takes too long is aborted and its messages are retried', async () => {
  const signals: AbortSignal[] = []
  const decision = run((_, signal) => {
    signals.push(signal)
    return new Promise(() => undefined)
  })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await decision).toMatchObject([{ kind: 'retry' }, { kind: 'retry' }])
  expect(signals[0]?.aborted).toBe(true)
})
