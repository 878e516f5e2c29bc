import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type Child, startChild } from '#test/load/child.ts'
import { residentMb } from '../trials/stack.ts'
import { between, type Random } from './random.ts'
import { type Faulty, SERVICES, type Service } from './services.ts'
import type { World } from './world.ts'

export interface Soak extends Faulty {
  /** What happened, in order. */
  struck: readonly string[]
  /** Memory of each process after the last fault, in MB, with the names of their services. */
  memory(): Record<string, number>
}

const INSTANCES = 2
const STANDS_MS = 15_000
const FAULTS = ['kill -9', 'replace', 'stand still', 'cut from Redis'] as const

/** Two processes of each service for `minutes`, and every `everyMs` one of the faults at one of them. */
export async function startSoak(
  env: NodeJS.ProcessEnv,
  { bed }: World,
  { minutes, everyMs, random }: { minutes: number; everyMs: number; random: Random },
): Promise<Soak> {
  const alive = new Map<Service, Child[]>(SERVICES.map(service => [service, []]))
  const struck: string[] = []
  const redis = new Redis(bed.redisUrl)
  let turn = 0
  let memory: Record<string, number> = {}
  const start = async (service: Service) => {
    const child = await startChild(`services/${service}/main.ts`, env)
    alive.get(service)?.push(child)
  }
  for (const service of SERVICES) for (let i = 0; i < INSTANCES; i++) await start(service)

  /** Ends a process and starts another one in its place. */
  async function end(service: Service, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = alive.get(service)?.shift() as Child
    const exited = once(child.process, 'exit')
    child.process.kill(signal)
    const [code] = await exited
    if (signal === 'SIGTERM' && code !== 0) throw new Error(`${service} left with ${code}: ${child.warnings.join('; ')}`)
    await start(service)
  }

  async function strike(): Promise<void> {
    const service = SERVICES[between(random, 0, SERVICES.length - 1)] as Service
    const fault = FAULTS[between(random, 0, FAULTS.length - 1)]
    struck.push(`${fault} ${service}`)
    if (fault === 'kill -9') return await end(service, 'SIGKILL')
    if (fault === 'replace') return await end(service, 'SIGTERM')
    if (fault === 'cut from Redis') return void (await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
    const [child] = alive.get(service) as [Child]
    child.process.kill('SIGSTOP')
    await sleep(STANDS_MS)
    child.process.kill('SIGCONT')
  }

  async function go(): Promise<void> {
    for (const until = performance.now() + minutes * 60_000; performance.now() + everyMs < until; ) {
      await sleep(everyMs)
      await strike()
    }
    await sleep(everyMs)
    memory = Object.fromEntries(
      [...alive].flatMap(([service, those]) => those.map(({ process }, i) => [`${service} ${i + 1}`, residentMb(process.pid)])),
    )
  }

  const ended = go()
  // Awaited by the trial, later.
  ended.catch(() => undefined)
  return {
    struck,
    ended,
    memory: () => memory,
    async url(service) {
      const those = alive.get(service) as Child[]
      return `http://127.0.0.1:${those[turn++ % Math.max(1, those.length)]?.port}`
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...alive.values()].flat().map(child => child[Symbol.asyncDispose]()))
      redis.disconnect()
    },
  }
}
