import { type Kill, startFleet } from '../kill/fleet.ts'
import { runUnderFaults } from '../kill/run.ts'
import { SERVICES } from '../kill/services.ts'
import type { Facts } from '../trial.ts'

const KILLS = Number(process.env.TRIAL_KILLS ?? 50)
const KILLED = process.env.TRIAL_SERVICES?.split(',')

/** Two processes of each service, under traffic in both directions; they kill themselves with -9 between two steps, at random ones. */
export async function run(): Promise<Facts> {
  const services = SERVICES.filter(service => KILLED === undefined || KILLED.includes(service))
  const plan = { kills: KILLS, services }
  const { faulty, facts } = await runUnderFaults((env, _world, random) => startFleet(env, plan, random))
  for (const service of SERVICES) printKills(faulty.kills.filter(kill => kill.service === service))
  const points = new Set(faulty.kills.map(({ service, point }) => `${service} ${point}`))
  return { 'kills, at different points': [`${faulty.kills.length}, ${points.size}`, faulty.kills.length === KILLS], ...facts }
}

function printKills(kills: Kill[]): void {
  for (const [point, those] of Map.groupBy(kills, kill => kill.point))
    console.log(`killed  ${String(those[0]?.service).padEnd(9)} ${point.padEnd(40)} ${those.length}`)
}
