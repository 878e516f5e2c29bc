import pino from 'pino'
import { expect, test } from 'vitest'
import type { SendJob } from '#shared/contracts/send-job.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import type { SendingNumber } from '../numbers.ts'
import { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import { type AttemptDeps, runAttempt } from './attempt.ts'
import type { Claimed } from './claim.ts'
import { NO_ORIGIN } from './job-origin.ts'

const campaignId = newId()
const message = {
  _id: newId(),
  tenantId: newId(),
  phoneNumberId: '105',
  contactKey: '212661',
  type: 'template',
  campaignId,
  payload: { type: 'template' },
  timeline: [],
  dispatch: { attempt: 1, priority: 'campaign', state: 'TAKEN', leaseUntil: new Date(Date.now() + 60_000) },
} as unknown as MessageDoc
const number = { client: { phoneNumberId: '105', throughput: 80 }, token: 'EAA' } as SendingNumber
const claimed: Claimed = {
  job: { messageId: String(message._id), phoneNumberId: '105' } as SendJob,
  number,
  windowExpiresAt: null,
  otherOwner: null,
  origin: NO_ORIGIN,
  judgement: null,
  dueAt: performance.now(),
}

/** Runs an attempt of a message that was taken, while these are held. @returns how it was settled, and how many calls were made */
async function attempted(held: { numbers?: string[]; campaigns?: string[] }) {
  const settlements: Settlement[] = []
  let calls = 0
  const limiter = new ConcurrencyLimiter(10)
  await limiter.reserve('campaign', 1)
  const deps = {
    priority: 'campaign',
    numbers: { isHeld: (id: string) => held.numbers?.includes(id) ?? false },
    campaigns: { isHeld: (id: string) => held.campaigns?.includes(id) ?? false },
    limiter,
    pacer: { reach: async () => true },
    clock: { now: () => new Date() },
    log: pino({ level: 'silent' }),
    checkConsent: async () => null,
    call: async () => {
      calls++
      return { message, step: { kind: 'sent', wamid: 'wamid.1', note: null }, at: new Date(), entry: { kind: 'attempt' } }
    },
    finish: async (settlement: Settlement) => void settlements.push(settlement),
  } as unknown as AttemptDeps
  await runAttempt(deps, message, claimed)
  return { step: settlements[0]?.step, calls }
}

test('a message that was taken is not sent when its campaign was paused while it waited for its slot, and is looked at again', async () => {
  const before = Date.now()
  const { step, calls } = await attempted({ campaigns: [String(campaignId)] })
  expect(calls).toBe(0)
  expect(step).toMatchObject({ kind: 'waiting', reason: 'paused', usesAttempt: false })
  expect((step as { nextStepAt: Date }).nextStepAt.getTime()).toBeGreaterThan(before)
})

test('of a paused number it waits until the number is resumed', async () => {
  expect(await attempted({ numbers: ['105'] })).toMatchObject({
    calls: 0,
    step: { kind: 'waiting', reason: 'paused', nextStepAt: null },
  })
})

test('otherwise it is sent', async () => {
  expect(await attempted({ campaigns: [String(newId())], numbers: ['106'] })).toMatchObject({ calls: 1, step: { kind: 'sent' } })
})
