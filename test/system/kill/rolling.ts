import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from '#test/load/child.ts'
import { type Faulty, SERVICES, type Service } from './services.ts'

/** A process that was told to stop, and how it left: null when a signal ended it. */
export interface Exit {
  service: Service
  code: number | null
  /** The codes of its warnings, for the case that it did not leave with 0. */
  warnings: readonly string[]
}

export interface Rolling extends Faulty {
  exits: readonly Exit[]
}

/** Traffic for which a new process runs before the next one is replaced. */
const BETWEEN_MS = 1000

/** One process of each service, which are replaced in turn, `rounds` times: the new one starts, then the old one gets SIGTERM. */
export async function startRolling(env: NodeJS.ProcessEnv, rounds: number): Promise<Rolling> {
  const start = (service: Service) => startChild(`services/${service}/main.ts`, env)
  const alive = new Map<Service, Child>()
  for (const service of SERVICES) alive.set(service, await start(service))
  const exits: Exit[] = []

  async function replace(service: Service): Promise<void> {
    const old = alive.get(service) as Child
    alive.set(service, await start(service))
    const exited = once(old.process, 'exit')
    old.process.kill('SIGTERM')
    const [code] = await exited
    exits.push({ service, code: code as number | null, warnings: old.warnings })
    await sleep(BETWEEN_MS)
  }

  async function replaceAll(): Promise<void> {
    await sleep(BETWEEN_MS)
    for (let round = 0; round < rounds; round++) for (const service of SERVICES) await replace(service)
  }

  const ended = replaceAll()
  // Awaited by the trial, later.
  ended.catch(() => undefined)
  return {
    exits,
    ended,
    url: async service => `http://127.0.0.1:${alive.get(service)?.port}`,
    async [Symbol.asyncDispose]() {
      await ended.catch(() => undefined)
      await Promise.all([...alive.values()].map(child => child[Symbol.asyncDispose]()))
    },
  }
}
