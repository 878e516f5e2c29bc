import { expect, test } from 'vitest'
import { MOST_CALLS, PACE_MS } from '../domain/call-pace.ts'
import type { MetaClient, SendResult } from './client.ts'
import { timeCalls } from './timed-client.ts'

const measured = { httpStatus: 200, latencyMs: 0, traceId: null }
const ACCEPTED: SendResult = { kind: 'accepted', wamid: 'w', waId: null, userId: null, messageStatus: null, ...measured }
const UNKNOWN: SendResult = { kind: 'unknown', why: 'timeout', ...measured, httpStatus: null }

/** A client whose sends end when the test says so, on a clock that the test sets. */
function open() {
  let time = 0
  const waiting: ((result: SendResult) => void)[] = []
  const unused = () => Promise.reject(new Error('not called'))
  const meta: MetaClient = {
    sendMessage: () => new Promise(resolve => waiting.push(resolve)),
    uploadMedia: unused,
    uploadSample: unused,
    graph: { get: unused, post: unused, delete: unused },
    [Symbol.asyncDispose]: async () => undefined,
  }
  const client = timeCalls(meta, () => time)
  const send = () => client.sendMessage('1', 'token', {})
  return {
    client,
    send,
    /** A whole call. */
    async call(ms: number, result = ACCEPTED): Promise<void> {
      const sent = send()
      time += ms
      waiting.shift()?.(result)
      expect(await sent).toBe(result)
    },
    pass: (ms: number) => {
      time += ms
    },
    answer: () => waiting.shift()?.(ACCEPTED),
  }
}

test('the time of each send is known, and whether an answer came', async () => {
  const { client, call } = open()
  expect(client.pace()).toBeNull()
  await call(200)
  await call(30_000, UNKNOWN)
  expect(client.pace()).toEqual({ calls: 2, unanswered: 1, p95Ms: 30_000 })
})

test('a send that takes long counts before it ends, once', async () => {
  const { client, send, pass, answer } = open()
  const sent = send()
  pass(2000)
  expect(client.pace()).toBeNull()
  pass(5000)
  expect(client.pace()).toEqual({ calls: 1, unanswered: 0, p95Ms: 7000 })
  answer()
  await sent
  expect(client.pace()).toEqual({ calls: 1, unanswered: 0, p95Ms: 7000 })
})

test('what is older than five minutes, or than the last thousand sends, counts no more', async () => {
  const { client, call, pass } = open()
  await call(9000)
  pass(PACE_MS)
  expect(client.pace()).toBeNull()
  await call(9000)
  for (let i = 0; i < 2 * MOST_CALLS; i++) await call(100)
  expect(client.pace()).toEqual({ calls: MOST_CALLS, unanswered: 0, p95Ms: 100 })
})
