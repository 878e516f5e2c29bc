import { expect, test } from 'vitest'
import { type CallHold, managementAccount } from '../domain/graph-calls.ts'
import type { GraphResult, MetaClient } from './client.ts'
import { limitCalls } from './limited-client.ts'

const measured = { httpStatus: 400, latencyMs: 1, traceId: null }
const refused = (code: number | null, retryAfterMs = 0, httpStatus = 400): GraphResult => ({
  kind: 'refused',
  error: { code, httpStatus },
  retryAfterMs,
  ...measured,
})
const ok = (account: number, app: number, regainMs = 0): GraphResult => ({
  kind: 'ok',
  data: {},
  usage: { account, app, regainMs },
  ...measured,
})
const account = managementAccount({ wabaId: '31', status: 'active', pauseReason: null })

/** One call that Meta answers so: what was asked of it, and what was held after it. */
async function call(result: GraphResult, waitMs = 0, request = { token: 't', account }) {
  const paths: string[] = []
  const held: [string | null, CallHold][] = []
  const get = async (path: string) => {
    paths.push(path)
    return result
  }
  const limits = {
    take: async () => waitMs,
    hold: async (wabaId: string | null, hold: CallHold) => void held.push([wabaId, hold]),
  }
  const meta = limitCalls({ graph: { get } } as unknown as MetaClient, limits)
  return { answer: await meta.graph.get('105', request), paths, held }
}

test('a call over the limit is not made, and the result names the wait', async () => {
  const { answer, paths } = await call(ok(0, 0), 61_000)
  expect(answer).toMatchObject({ kind: 'unsent', retryAfterMs: 61_000, why: expect.stringContaining('61 s') })
  expect(paths).toEqual([])
})

test.for([
  ['80007', refused(80007), [['31', { baseMs: 60_000, askedMs: 0 }]]],
  ['80008 with a time', refused(80008, 900_000), [['31', { baseMs: 60_000, askedMs: 900_000 }]]],
  ['17, of the token', refused(17), [['31', { baseMs: 60_000, askedMs: 0 }]]],
  ['4, of the app', refused(4, 5000), [[null, { baseMs: 60_000, askedMs: 5000 }]]],
  ['429 from before the API', refused(null, 0, 429), [['31', { baseMs: 60_000, askedMs: 0 }]]],
  ['an invalid token', refused(190), []],
  ['a limit of registrations', refused(133016), []],
  ['usage that is low', ok(40, 40), []],
  ['usage of the account near its end', ok(95, 40), [['31', { baseMs: 60_000, askedMs: 0 }]]],
  ['usage with a time to wait', ok(10, 40, 120_000), [['31', { baseMs: 60_000, askedMs: 120_000 }]]],
  ['usage of the app near its end', ok(40, 99), [[null, { baseMs: 60_000, askedMs: 0 }]]],
] as const)('%s holds its scope', async ([, result, holds]) => {
  const { answer, held, paths } = await call(result)
  expect(answer).toBe(result)
  expect(paths).toEqual(['105'])
  expect(held).toEqual(holds)
})
