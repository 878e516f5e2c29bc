import { runUnderFaults } from '../kill/run.ts'
import { startSoak } from '../kill/soak.ts'
import type { Facts } from '../trial.ts'

const MINUTES = Number(process.env.TRIAL_MINUTES ?? 20)
/** One fault each ten minutes, and at least five in a short run. */
const EVERY_MS = Math.min(600_000, (MINUTES * 60_000) / 6)

/** Hours of traffic in both directions with a random fault from time to time. `TRIAL_MINUTES` says how long. */
export async function run(): Promise<Facts> {
  const patienceMs = (MINUTES + 30) * 60_000
  const { faulty, facts } = await runUnderFaults(
    (env, world, random) => startSoak(env, world, { minutes: MINUTES, everyMs: EVERY_MS, random }),
    { patienceMs },
  )
  const memory = Object.entries(faulty.memory()).map(([name, mb]) => `${name} ${mb.toFixed(0)}`)
  return {
    minutes: [MINUTES, null],
    faults: [faulty.struck.join(', '), faulty.struck.length > 0],
    'memory at the end, MB': [memory.join(', '), null],
    ...facts,
  }
}
