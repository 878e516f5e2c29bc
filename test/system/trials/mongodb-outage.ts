import { setTimeout as sleep } from 'node:timers/promises'
import type { Facts } from '../trial.ts'
import { startTrial, watchMemory } from './stack.ts'
import { startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 300)
const OUTAGE_MS = Number(process.env.TRIAL_OUTAGE_S ?? 60) * 1000
const MOST_MB = 400

/** MongoDB is killed and kept away while Meta goes on: the queues hold what comes, and the recorder waits for it. */
export async function run(): Promise<Facts> {
  await using trial = await startTrial('mongodb-outage')
  const { stack, store } = trial
  const memory = watchMemory(stack)
  const load = await startLoad(stack, PER_SECOND)
  await sleep(5000)
  const beforeMb = memory.most()
  const starts = stack.processes.ingest.starts()
  const cutAt = performance.now()
  const release = await (stack.servers.mongodb.supervised as NonNullable<typeof stack.servers.mongodb.supervised>).hold()
  await sleep(OUTAGE_MS)
  const backFrom = performance.now()
  await release()
  const backAt = performance.now()
  await sleep(3000)
  await load.stop()
  const storedMs = await untilStored(store, load, 180_000)
  const afterMs = storedMs === null ? null : performance.now() - backAt
  memory.stop()
  const outage = within(load, cutAt, backFrom)
  const all = within(load, 0, Infinity)
  const dead = await store.raw.deadLetters.countDocuments()
  const twice = await storedTwice(store)
  return {
    'webhooks in the outage': [outage.count, null],
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200'],
    'p50, p99 ms in the outage': [`${outage.p50.toFixed(1)}, ${outage.p99.toFixed(1)}`, null],
    'all stored, s after MongoDB was back': [afterMs === null ? 'never' : (afterMs / 1000).toFixed(1), afterMs !== null],
    'stored twice': [twice, twice === 0],
    'dead letters': [dead, dead === 0],
    'ingest started again': [stack.processes.ingest.starts() - starts, stack.processes.ingest.starts() === starts],
    [`memory of ingest, MB: before, at most (≤ ${MOST_MB})`]: [
      `${beforeMb.toFixed(0)}, ${memory.most().toFixed(0)}`,
      memory.most() <= MOST_MB,
    ],
  }
}
