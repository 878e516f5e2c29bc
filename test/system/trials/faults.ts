import { setTimeout as sleep } from 'node:timers/promises'
import { createSenderWorld } from '#test/load/sender-world.ts'
import type { Facts } from '../trial.ts'
import { checkSent, openSending } from './sending.ts'

const SENDERS = 2
const NUMBERS = 10
const MESSAGES = Number(process.env.TRIAL_MESSAGES ?? 4000)
/** The last of five attempts comes 10 min after the one before. */
const PATIENCE_MS = 1_000_000

const send = { path: '/messages', method: 'POST' }
const always = { match: send, times: null }
/** The first that strikes is played: the rates of the later ones are of what is left. */
const FAULTS = [
  { ...always, rate: 0.3, effect: { status: 500 } },
  { ...always, rate: 0.05 / 0.7, effect: { timeout: true } },
  { ...always, rate: 0.05 / 0.65, effect: { timeout: true, after: true } },
  { ...always, rate: 0.025 / 0.6, effect: { reset: true } },
  { ...always, rate: 0.025 / 0.575, effect: { reset: true, after: true } },
  { ...always, rate: 0.03 / 0.55, effect: { garbled: true } },
  { ...always, rate: 0.02 / 0.52, effect: { garbled: 'truncated' } },
  { ...always, times: 5, rate: 0.02, effect: { status: 429, code: 130429 } },
  { ...always, times: 40, rate: 0.02, effect: { status: 429, headers: { 'retry-after': '1' } } },
]

/** Every way in which Meta's answer may fail, at once, until nothing is left to send. */
export async function run(): Promise<Facts> {
  await using w = await openSending({ hasStatuses: true })
  const world = await createSenderWorld(w.store, w.queue, { numbers: NUMBERS, throughput: 80, conversations: MESSAGES })
  await w.simulator.add(world.numbers, 1000)
  await w.simulator.call('faults', FAULTS)
  await w.startSenders(SENDERS)
  const messages = await world.accept(MESSAGES)
  const startedAt = performance.now()
  await world.enqueue(messages)
  for (const until = startedAt + PATIENCE_MS; (await world.open()) > 0 && performance.now() < until; ) await sleep(500)
  const seconds = (performance.now() - startedAt) / 1000
  await w.simulator.call('idle')
  await sleep(3000) // the last statuses are on their way through ingest
  const struck = (await w.simulator.call('faults')).data.map(({ struck }: { struck: number }) => struck)
  const facts = await checkSent(
    w.store,
    await w.simulator.posts(),
    messages.map(({ _id }) => String(_id)),
  )
  const outcomes = await w.store.raw.messages.countDocuments({ status: 'FAILED', 'error.code': { $ne: null } })
  return {
    '500, timeout, after, reset, after, garbled ×2, 429 ×2': [struck.join(', '), struck.every((n: number) => n > 0)],
    ...facts,
    'FAILED by a code of Meta’s': [outcomes, null],
    'dead letters': await deadLetters(w.store),
    's until all had ended': [seconds.toFixed(0), null],
  }
}

export async function deadLetters({ raw }: Awaited<ReturnType<typeof openSending>>['store']): Promise<Facts[string]> {
  const count = await raw.deadLetters.countDocuments()
  return [count, count === 0]
}
