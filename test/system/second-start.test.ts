import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import type { Child } from '#test/load/child.ts'
import { untilTrue } from '#test/support/until.ts'
import type { Faulty, Service } from './kill/services.ts'
import type { World } from './kill/world.ts'

/** Messages stored before the services are killed: then all of them are in the middle of something. */
const WORK = 60
const LIMIT_MS = 120_000

/** One process of each service. Twice all of them are killed at once while they work, and all started again. */
async function killAllTwice(env: NodeJS.ProcessEnv, { store }: World): Promise<Faulty> {
  const { startChild } = await import('#test/load/child.ts')
  const { SERVICES } = await import('./kill/services.ts')
  let alive = new Map<Service, Child>()
  const stored = () => store.raw.messages.countDocuments()

  async function startAll(): Promise<void> {
    const started = SERVICES.map(async service => [service, await startChild(`services/${service}/main.ts`, env)] as const)
    alive = new Map(await Promise.all(started))
  }

  async function killAll(): Promise<void> {
    const children = [...alive.values()]
    alive = new Map()
    const exits = children.map(({ process }) => once(process, 'exit'))
    for (const { process } of children) process.kill('SIGKILL')
    await Promise.all(exits)
  }

  async function run(): Promise<void> {
    for (const _ of [1, 2]) {
      const before = await stored()
      await untilTrue(async () => (await stored()) >= before + WORK, LIMIT_MS)
      await killAll()
      await startAll()
    }
    const before = await stored()
    await untilTrue(async () => (await stored()) >= before + WORK, LIMIT_MS)
  }

  await startAll()
  const ended = run()
  ended.catch(() => undefined)
  return {
    ended,
    async url(service) {
      for (;;) {
        const child = alive.get(service)
        if (child) return `http://127.0.0.1:${child.port}`
        await sleep(50)
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...alive.values()].map(child => child[Symbol.asyncDispose]()))
    },
  }
}

test('[F56] whatever was in the middle when all services were killed is settled by a second start', {
  timeout: 600_000,
}, async () => {
  // The trials join servers that run already, and read how many people there are when they are loaded.
  process.env.LINKO_TEST_SERVERS = JSON.stringify(inject('servers'))
  process.env.TRIAL_PEOPLE = '12'
  const { runUnderFaults } = await import('./kill/run.ts')
  const { facts } = await runUnderFaults(killAllTwice)
  expect(Object.entries(facts).filter(([, [, isGood]]) => isGood === false)).toEqual([])
})
