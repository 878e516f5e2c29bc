import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from '#deploy/local/stack.ts'
import { messageEventId } from '#shared/meta/webhook.ts'
import { QUEUES, webhookKeys } from '#shared/queue/topology.ts'
import type { Store } from '#shared/store/connect.ts'
import { PHONE_NUMBER_ID, waIdOf } from '#test/load/bodies.ts'
import { percentile } from '#test/load/measure/figures.ts'
import { restartQueue, STOPPED_SHARD, stopQueue } from '#test/support/stopped-queue.ts'
import type { Facts } from '../trial.ts'
import { startTrial } from './stack.ts'
import { CONTACTS, type Load, startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 200)
const STOPPED_MS = Number(process.env.TRIAL_OUTAGE_S ?? 60) * 1000
const CALM_MS = 15_000
const STORED_WITHIN_MS = 30_000
/** The lag of the other shards may rise to twice that of before, or to this. */
const FAIR_LAG_MS = 250
/** The alarm of a silent queue: docs/spool.md. */
const ALARM_S = 30

/** The Raft server of one shard's queue is stopped, so that it confirms nothing, while Meta goes on: the other shards do not notice. */
export async function run(): Promise<Facts> {
  await using trial = await startTrial('stopped-shard')
  const { stack, store } = trial
  const { evaluate } = stack.servers.rabbitmq
  if (evaluate === null) throw new Error('the broker is not ours to stop a queue of: it came by its address')
  const load = await startLoad(stack, PER_SECOND)
  // The first seconds are those of a cold start.
  await sleep(5000)
  const calmFrom = performance.now()
  await sleep(CALM_MS)
  const calmTo = performance.now()
  await stopQueue({ evaluate })
  const stoppedAt = performance.now()
  await sleep(STOPPED_MS)
  const silentS = await silenceOf(stack)
  const backFrom = performance.now()
  await restartQueue({ evaluate })
  const backAt = performance.now()
  await sleep(5000)
  await load.stop()
  const storedMs = await untilStored(store, load, STORED_WITHIN_MS * 2)
  const afterMs = storedMs === null ? null : performance.now() - backAt
  const stopped = within(load, stoppedAt, backFrom)
  const all = within(load, 0, Infinity)
  const others = { answers: load.answers.filter(({ wamid }) => shardOf(wamid) !== STOPPED_SHARD) }
  const answered = { before: within(others, calmFrom, calmTo), during: within(others, stoppedAt, backFrom) }
  const before = await lagOf(store, others, calmFrom, calmTo)
  const during = await lagOf(store, others, stoppedAt, backFrom)
  const twice = await storedTwice(store)
  const deadLetters = await store.raw.deadLetters.countDocuments()
  return {
    'webhooks while the queue was stopped, those of its shard': [
      `${stopped.count}, ${stopped.count - answered.during.count}`,
      null,
    ],
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200'],
    'answers to the other shards, p99 ms before, while stopped': [
      `${answered.before.p99.toFixed(1)}, ${answered.during.p99.toFixed(1)}`,
      null,
    ],
    'other shards, receipt to commit, p50, p99 ms before': [`${before.p50}, ${before.p99}`, null],
    'other shards, receipt to commit, p50, p99 ms while stopped': [
      `${during.p50}, ${during.p99}`,
      during.p99 <= Math.max(2 * before.p99, FAIR_LAG_MS),
    ],
    'silence of the queue that ingest reports, s': [
      silentS.toFixed(0),
      STOPPED_MS / 1000 > ALARM_S + 10 ? silentS > ALARM_S : null,
    ],
    'all stored, s after the queue was back (≤ 30)': [
      afterMs === null ? 'never' : (afterMs / 1000).toFixed(1),
      afterMs !== null && afterMs <= STORED_WITHIN_MS,
    ],
    'stored twice': [twice, twice === 0],
    'dead letters': [deadLetters, deadLetters === 0],
  }
}

/** Lag in ms of what was posted in a span of time; what is not stored has none and counts as endless. */
async function lagOf(store: Store, { answers }: Pick<Load, 'answers'>, from: number, to: number) {
  const own = answers.filter(({ at }) => at >= from && at < to)
  const ids = own.map(({ wamid }) => messageEventId(wamid))
  const projection = { receivedAt: 1, processedAt: 1 }
  const rows = await store.raw.webhookEvents.find({ _id: { $in: ids } }, { projection }).toArray()
  const lags = rows.flatMap(({ receivedAt, processedAt }) => (processedAt ? [processedAt.getTime() - receivedAt.getTime()] : []))
  const ms = [...lags, ...own.slice(lags.length).map(() => Infinity)].sort((a, b) => a - b)
  return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) }
}

/** Shard of the person who wrote the message: `startLoad` numbers its messages. */
function shardOf(wamid: string): number {
  const person = Number(/TRIAL(\d+)x/.exec(wamid)?.[1]) % CONTACTS
  return Number(webhookKeys.conversation(PHONE_NUMBER_ID, waIdOf(person)).split('.')[1])
}

async function silenceOf({ env }: Pick<Stack, 'env'>): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${env.INGEST_PORT}/metrics`)).text()
  const line = metrics
    .split('\n')
    .find(it => it.startsWith(`linko_queue_silent_seconds{queue="${QUEUES.conversation[STOPPED_SHARD]}"}`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}
