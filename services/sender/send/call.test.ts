import { readFileSync } from 'node:fs'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import type { ErrorReport } from '#shared/domain/messages/send-errors.ts'
import type { MetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, MessageDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import type { SendingNumber } from '../numbers.ts'
import { createCall } from './call.ts'

interface Row {
  code: number | string
  subcode: number | null
  where: string
  class: 'RETRY' | 'RETRY_LATER' | 'PAUSE' | 'FAIL'
  scope: string
  wait: number | null
}
const { codes } = JSON.parse(readFileSync(new URL('../../../deploy/simulator/error-codes.json', import.meta.url), 'utf8')) as {
  codes: Row[]
}
const SPAM_LIMIT = 131048
const THROUGHPUT_LIMIT = 130429
const HOLDS: Record<string, string> = {
  app: 'app app',
  waba: 'waba 31',
  token: 'waba 31',
  number: 'number 105',
  pair: 'pair 105:212661',
}

const client = { wabaId: '31', phoneNumberId: '105' } as ClientDoc
const number = { client, token: 'EAA' } as SendingNumber
const message = {
  _id: newId(),
  tenantId: newId(),
  phoneNumberId: '105',
  contactKey: '212661',
  contactKeyKind: 'waId',
  createdAt: new Date(),
  timeline: [],
  payload: { type: 'text', text: { body: 'a' } },
  dispatch: { attempt: 1, priority: 'campaign', state: 'TAKEN', leaseUntil: new Date(Date.now() + 3_600_000) },
} as unknown as MessageDoc

/** Runs a call that Meta refuses. `done` names the effects beyond the message. */
async function refused(error: ErrorReport, retryAfterMs = 0, late: { isAlive?: boolean; now?: Date; expiresAt?: Date } = {}) {
  const done: string[] = []
  let heldMs = 0
  const limits = {
    decide: async () => [],
    async hold(scope: string, key: string, ms: number) {
      done.push(`hold ${scope} ${key}`)
      heldMs = ms
    },
    async slowDown(phoneNumberId: string) {
      done.push(`slow ${phoneNumberId}`)
    },
  }
  const pause = {
    pauseFor: async (_client: ClientDoc, { scope }: { scope: string }) => void done.push(`pause ${scope}`),
    noteHeldCampaigns: async () => void done.push('note held campaigns'),
    noteDirectSendRefused: async () => void done.push('note Direct Send refused'),
    unreadableToken: async () => undefined,
  }
  const answer = { kind: 'refused' as const, error, retryAfterMs, httpStatus: 400, latencyMs: 1, traceId: null }
  let posts = 0
  const sendMessage = async () => {
    posts++
    return answer
  }
  const meta = { sendMessage } as unknown as MetaClient
  const clock = { now: () => late.now ?? new Date() } as never
  const uploads = {
    prepare: async () => ({ kind: 'ready', payload: message.payload, isKept: false, metaIds: new Map() }),
  } as never
  const stopCampaign = async () => void done.push('stop campaign')
  const log = pino({ level: 'silent' })
  const call = createCall({
    meta,
    uploads,
    limits,
    pause,
    stopCampaign,
    campaigns: { resumedAt: () => null },
    clock,
    log,
    unknownDeadlineMs: 1000,
    isAlive: () => late.isAlive ?? true,
  })
  const { step } = await call({ ...message, ...(late.expiresAt && { expiresAt: late.expiresAt }) }, number)
  return { done, step, heldMs, posts }
}

function expected({ code, class: kind, scope }: Row): { done: string[]; step: object } {
  const waiting = (reason: string, usesAttempt = false) => ({ kind: 'waiting', reason, usesAttempt })
  if (code === SPAM_LIMIT) return { done: ['hold campaign 105', 'note held campaigns'], step: waiting('rate') }
  if (code === THROUGHPUT_LIMIT) return { done: ['slow 105'], step: waiting('rate') }
  if (kind === 'PAUSE') return { done: [`pause ${scope}`], step: { ...waiting('paused'), nextStepAt: null } }
  if (kind === 'RETRY') return { done: [], step: waiting('retry', true) }
  if (kind === 'RETRY_LATER')
    return { done: HOLDS[scope] ? [`hold ${HOLDS[scope]}`] : [], step: waiting(scope === 'pair' ? 'pair' : 'rate') }
  const error = { source: 'meta', detail: "Meta's own words", sentence: expect.any(String), nextStep: expect.any(String) }
  return {
    done: scope === 'template' ? ['stop campaign'] : [],
    step: { kind: 'failed', error: { ...error, title: expect.any(String) } },
  }
}

describe('the effect of each code that Meta documents', () => {
  test.for(codes.map(row => [`${row.code}/${row.subcode} ${row.class} ${row.scope}`, row] as const))('%s', async ([, row]) => {
    const code = Number(String(row.code).split('-')[0])
    const { done, step } = await refused({ code, subcode: row.subcode, detail: "Meta's own words" })
    const { done: wanted, step: wantedStep } = expected(row)
    expect(done).toEqual(wanted)
    expect(step).toMatchObject(wantedStep)
    if (step.kind === 'failed') expect(step.error.code).toBe(code)
  })
})

test.for([
  [80007, 'hold waba 31'],
  [4, 'hold app app'],
  [131056, 'hold pair 105:212661'],
  [131048, 'hold campaign 105'],
] as const)('%i is held for as long as Meta asks', async ([code, hold]) => {
  const { done, step, heldMs } = await refused({ code }, 2 * 3_600_000)
  expect(done[0]).toBe(hold)
  expect(heldMs).toBeGreaterThanOrEqual(2 * 3_600_000)
  const nextStepAt = 'nextStepAt' in step ? step.nextStepAt : null
  expect((nextStepAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(2 * 3_600_000 - 1000)
})

test.for([
  ['whose heartbeat has run out', { isAlive: false }],
  ['that held the row for longer than its lease', { now: new Date(Date.now() + 3_600_001) }],
] as const)('[F4] a process %s posts nothing more: the row may be in other hands', async ([, late]) => {
  const { posts, step, done } = await refused({ code: 190 }, 0, late)
  expect([posts, done, step.kind]).toEqual([0, [], 'waiting'])
})

test('a message whose own time passes while its files are prepared is not posted, and fails', async () => {
  const now = new Date()
  const { posts, step } = await refused({ code: 1 }, 0, { now, expiresAt: now })
  expect([posts, step]).toMatchObject([0, { kind: 'failed', error: { title: 'Waited too long', source: 'platform' } }])
  expect((await refused({ code: 1 }, 0, { now, expiresAt: new Date(now.getTime() + 1) })).posts).toBe(1)
})

test('a number that is too fast is slowed down, and also held when Meta says for how long', async () => {
  expect((await refused({ code: THROUGHPUT_LIMIT })).done).toEqual(['slow 105'])
  expect((await refused({ code: THROUGHPUT_LIMIT }, 5000)).done).toEqual(['slow 105', 'hold number 105'])
})
