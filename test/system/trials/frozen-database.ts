import { setTimeout as sleep } from 'node:timers/promises'
import { lockWrites } from '#test/support/private-mongod.ts'
import type { Facts } from '../trial.ts'
import { startTrial, watchMemory } from './stack.ts'
import { startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 50)
const MINUTES = Number(process.env.TRIAL_MINUTES ?? 25)
const MOST_MB = 512

/**
 * MongoDB takes no writes for longer than the broker's twenty returns of a minute each, as during a backup, and answers pings all
 * the while; Meta goes on. The queues hold what comes, and no message becomes a dead letter.
 */
export async function run(): Promise<Facts> {
  await using trial = await startTrial('frozen-database')
  const { stack, store } = trial
  const memory = watchMemory(stack)
  const starts = () => Object.values(stack.processes).reduce((sum, process) => sum + process.starts(), 0)
  const load = await startLoad(stack, PER_SECOND)
  await sleep(5000)
  const beforeMb = memory.most()
  const startedBefore = starts()
  const lockedAt = performance.now()
  let unlockedAt: number
  {
    await using _lock = await lockWrites(store)
    await sleep(MINUTES * 60_000)
    unlockedAt = performance.now()
  }
  await sleep(5000)
  await load.stop()
  const isStored = (await untilStored(store, load, 600_000)) !== null
  const afterS = (performance.now() - unlockedAt) / 1000
  memory.stop()
  const outage = within(load, lockedAt, unlockedAt)
  const all = within(load, 0, Infinity)
  const dead = await store.raw.deadLetters.countDocuments()
  const twice = await storedTwice(store)
  return {
    'minutes without writes, webhooks meanwhile': [`${MINUTES}, ${outage.count}`, null],
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200'],
    'p50, p99 ms meanwhile': [`${outage.p50.toFixed(1)}, ${outage.p99.toFixed(1)}`, null],
    'all stored, s after the end': [isStored ? afterS.toFixed(1) : 'never', isStored],
    'stored twice': [twice, twice === 0],
    'dead letters': [dead, dead === 0],
    'processes started again': [starts() - startedBefore, starts() === startedBefore],
    [`memory of ingest, MB: before, at most (≤ ${MOST_MB})`]: [
      `${beforeMb.toFixed(0)}, ${memory.most().toFixed(0)}`,
      memory.most() <= MOST_MB,
    ],
  }
}
