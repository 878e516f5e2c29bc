import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from '#test/load/child.ts'
import { PRELOAD, pointsIn } from './preload-file.ts'
import { between, derived, type Random } from './random.ts'
import { type Faulty, SERVICES, type Service } from './services.ts'

export interface Kill {
  service: Service
  /** `before insert messages`, or `OUTSIDE`. */
  point: string
}

export interface Fleet extends Faulty {
  /** Those so far. */
  kills: readonly Kill[]
}

/** A process that came by none of its fault points for a long time is killed wherever it is. */
export const OUTSIDE = 'from outside'
const OUTSIDE_MS = 30_000
const INSTANCES = 2
/** Points that a process may come by before the one at which it is killed: a few seconds of its work. */
const MOST_POINTS: Record<Service, number> = { gateway: 600, ingest: 400, sender: 200, realtime: 100 }

/** How often processes are killed in all, and of which services. */
export interface Plan {
  kills: number
  services: readonly Service[]
}

/** The broker gives a message up after 20 deliveries, and a process that dies has delivered all that it had in hand. */
const MOST_KILLS = 18

/** Two processes of each service. Those of the plan kill themselves between two steps, and are started again. */
export async function startFleet(env: NodeJS.ProcessEnv, { kills, services }: Plan, random: Random): Promise<Fleet> {
  if (kills > MOST_KILLS * services.length) throw new RangeError(`more than ${MOST_KILLS} kills of one service make dead letters`)
  const reports = mkdtempSync(path.join(tmpdir(), 'linko-kills-'))
  const left = new Map(services.map((service, i) => [service, Math.floor((kills + i) / services.length)]))
  const alive = new Map<Service, Child[]>(SERVICES.map(service => [service, []]))
  const struck: Kill[] = []
  let isStopped = false
  let starts = 0
  let turn = 0

  /** @returns null when it was killed before it was up */
  async function start(service: Service, own: Random, report: string, isArmed: boolean): Promise<Child | null> {
    const skipped = new Set(struck.filter(kill => kill.service === service).map(({ point }) => point))
    const most = MOST_POINTS[service]
    const faults = {
      // The points that are left are the rarer ones.
      FAULT_AT: String(between(own, 1, Math.ceil(most / (1 + skipped.size)))),
      FAULT_MOST: String(3 * most),
      FAULT_SKIP: [...skipped].join('|'),
      FAULT_SIGNAL: 'SIGKILL',
      FAULT_REPORT: report,
    }
    const armed = isArmed ? { NODE_OPTIONS: `--import=${PRELOAD}`, ...faults } : {}
    try {
      return await startChild(`services/${service}/main.ts`, {
        ...env,
        NODE_COMPILE_CACHE: path.join(reports, 'cache'),
        ...armed,
      })
    } catch (error) {
      if (pointsIn(report).length === 0) throw error
      return null
    }
  }

  /** Runs one process, until it is killed. */
  async function live(service: Service, own: Random, onUp: () => void): Promise<void> {
    const kills = left.get(service) ?? 0
    const isArmed = kills > 0
    if (isArmed) left.set(service, kills - 1)
    const report = path.join(reports, String(++starts))
    const child = await start(service, own, report, isArmed)
    if (child !== null) await stayAlive(service, child, isArmed, onUp)
    if (isArmed && !isStopped) struck.push({ service, point: pointsIn(report)[0] ?? OUTSIDE })
    if (!isArmed && !isStopped) throw new Error(`${service} ended by itself: ${child?.warnings.join('; ')}`)
  }

  async function stayAlive(service: Service, child: Child, isArmed: boolean, onUp: () => void): Promise<void> {
    const others = alive.get(service) as Child[]
    others.push(child)
    if (!isArmed) onUp()
    const patience = isArmed ? setTimeout(() => child.process.kill('SIGKILL'), OUTSIDE_MS) : undefined
    if (child.process.exitCode === null && child.process.signalCode === null) await once(child.process, 'exit')
    clearTimeout(patience)
    others.splice(others.indexOf(child), 1)
  }

  /** Keeps one of the processes alive. Resolves when it is up for good. */
  function keep(service: Service): Promise<void> {
    const own = derived(random)
    return new Promise((resolve, reject) => {
      const run = async () => {
        while (!isStopped) await live(service, own, resolve)
      }
      run().catch(reject)
    })
  }

  const struckAll = Promise.all(SERVICES.flatMap(service => Array.from({ length: INSTANCES }, () => keep(service))))
  // Awaited by the trial, later.
  struckAll.catch(() => undefined)
  return {
    kills: struck,
    ended: struckAll.then(() => undefined),
    async url(service) {
      for (;;) {
        const those = alive.get(service) as Child[]
        const child = those[turn++ % Math.max(1, those.length)]
        if (child) return `http://127.0.0.1:${child.port}`
        await sleep(50)
      }
    },
    async [Symbol.asyncDispose]() {
      isStopped = true
      await Promise.all([...alive.values()].flat().map(child => child[Symbol.asyncDispose]()))
      rmSync(reports, { recursive: true, force: true })
    },
  }
}
