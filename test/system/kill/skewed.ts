import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '#shared/process/config.ts'
import { type Child, startChild } from '#test/load/child.ts'
import { type Faulty, SERVICES, type Service } from './services.ts'

const PRELOAD = path.join(ROOT, 'test/system/kill/clock-preload.ts')
const TRAFFIC_MS = 5000

/** Two processes of each service for some seconds of traffic: the clock of one is `minutes` fast, that of the other as slow. */
export async function startSkewed(env: NodeJS.ProcessEnv, minutes: number): Promise<Faulty> {
  const alive = new Map<Service, Child[]>()
  for (const service of SERVICES) {
    const start = (sign: number) =>
      startChild(`services/${service}/main.ts`, {
        ...env,
        NODE_OPTIONS: `--import=${PRELOAD}`,
        CLOCK_SHIFT_MS: String(sign * minutes * 60_000),
      })
    alive.set(service, await Promise.all([start(1), start(-1)]))
  }
  let turn = 0
  return {
    ended: sleep(TRAFFIC_MS),
    async url(service) {
      const those = alive.get(service) as Child[]
      return `http://127.0.0.1:${those[turn++ % those.length]?.port}`
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...alive.values()].flat().map(child => child[Symbol.asyncDispose]()))
    },
  }
}
