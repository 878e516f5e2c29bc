import { startOwners } from '../kill/owners.ts'
import { runUnderFaults } from '../kill/run.ts'
import type { Facts } from '../trial.ts'

/** Of each of four processes. */
const STOPS = Number(process.env.TRIAL_STOPS ?? 4)

/** Recorders and realtime nodes stand still until the broker has given their shards away, and go on with what they have in hand. */
export async function run(): Promise<Facts> {
  const { faulty, facts } = await runUnderFaults((env, world, random) => startOwners(env, world, STOPS, random))
  for (const { service, point, isTakenOver } of faulty.stops)
    console.log(`stopped ${service.padEnd(9)} ${point.padEnd(40)} ${isTakenOver ? 'taken over' : 'not taken over'}`)
  const taken = faulty.stops.filter(({ isTakenOver }) => isTakenOver).length
  return { 'stops, of these taken over before they went on': [`${faulty.stops.length}, ${taken}`, taken > 0], ...facts }
}
