import { setTimeout as sleep } from 'node:timers/promises'
import type { Supervised } from '#deploy/local/processes.ts'
import type { Facts } from '../trial.ts'
import { startTrial } from './stack.ts'
import { startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 500)
const OUTAGE_MS = Number(process.env.TRIAL_OUTAGE_S ?? 60) * 1000
const STORED_WITHIN_MS = 60_000
const FAIR_P99_MS = 3000

/** RabbitMQ is killed and kept away. */
export const run = () =>
  outageOf('broker-outage', async (broker, ms) => {
    const release = await broker.hold()
    await sleep(ms)
    return release
  })

/**
 * RabbitMQ is away while Meta goes on: the spool takes over, and empties itself afterwards. `strike` takes it away for so many ms;
 * what it returns brings it back.
 */
export async function outageOf(
  name: string,
  strike: (broker: Supervised, ms: number) => Promise<() => Promise<void>>,
): Promise<Facts> {
  await using trial = await startTrial(name)
  const { stack, store } = trial
  const load = await startLoad(stack, PER_SECOND)
  await sleep(5000)
  const cutAt = performance.now()
  const { supervised } = stack.servers.rabbitmq
  if (supervised === null) throw new Error('the broker is not ours to stop: it came by its address')
  const release = await strike(supervised, OUTAGE_MS)
  const backFrom = performance.now()
  await release()
  const backAt = performance.now()
  await sleep(5000)
  await load.stop()
  const storedMs = await untilStored(store, load, STORED_WITHIN_MS * 2)
  const afterMs = storedMs === null ? null : performance.now() - backAt
  const before = within(load, 0, cutAt)
  const outage = within(load, cutAt, backFrom)
  const all = within(load, 0, Infinity)
  return {
    'webhooks in the outage': [outage.count, null],
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200'],
    'p50, p99 ms before': [`${before.p50.toFixed(1)}, ${before.p99.toFixed(1)}`, null],
    [`p50, p99 ms in the outage (p99 ≤ ${FAIR_P99_MS})`]: [
      `${outage.p50.toFixed(1)}, ${outage.p99.toFixed(1)}`,
      outage.p99 <= FAIR_P99_MS,
    ],
    'all stored, s after the broker was back (≤ 60)': [
      afterMs === null ? 'never' : (afterMs / 1000).toFixed(1),
      afterMs !== null && afterMs <= STORED_WITHIN_MS,
    ],
    'stored twice': [await storedTwice(store), (await storedTwice(store)) === 0],
    'dead letters': [await store.raw.deadLetters.countDocuments(), (await store.raw.deadLetters.countDocuments()) === 0],
  }
}
