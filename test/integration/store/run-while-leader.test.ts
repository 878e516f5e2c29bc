import { expect } from 'vitest'
import type { BackgroundJob } from '#shared/process/jobs.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { runWhileLeader } from '#shared/store/run-while-leader.ts'
import { untilTrue } from '#test/support/until.ts'
import { test as base } from '#test/support/world.ts'
import { log } from '#test/support/worlds/ingest.ts'

const test = base.extend<{ store: Store }>({
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(store)
  },
})

const lease = { name: 'test:jobs', ttlMs: 300 }

/** A process whose only job counts its rounds. */
async function startProcess(store: Store, run: BackgroundJob['run'] = async () => undefined) {
  let rounds = 0
  const count: BackgroundJob = {
    name: 'count rounds',
    everyMs: 5,
    async run(mayGoOn) {
      rounds++
      await run(mayGoOn)
    },
  }
  const leader = await runWhileLeader(store, { lease, log, jobs: [count] })
  return { leader, rounds: () => rounds, [Symbol.asyncDispose]: () => leader[Symbol.asyncDispose]() }
}

test('of two processes one runs the jobs, and the other goes on when the first stops', async ({ store }) => {
  const first = await startProcess(store)
  await using second = await startProcess(store)
  await untilTrue(() => first.rounds() > 3)
  expect([first.leader.isLeader(), second.leader.isLeader(), second.rounds()]).toEqual([true, false, 0])
  await first[Symbol.asyncDispose]()
  const roundsOfFirst = first.rounds()
  await untilTrue(() => second.rounds() > 3)
  expect([first.leader.isLeader(), first.rounds()]).toEqual([false, roundsOfFirst])
})

test('the lease is kept until the round in hand has ended', async ({ store }) => {
  let end = () => {}
  const first = await startProcess(store, () => new Promise<void>(resolve => (end = resolve)))
  await untilTrue(() => first.rounds() === 1)
  const stopped = first[Symbol.asyncDispose]()
  await using second = await startProcess(store)
  await new Promise(resolve => setTimeout(resolve, 2 * lease.ttlMs))
  expect(second.rounds()).toBe(0)
  end()
  await stopped
  await untilTrue(() => second.rounds() > 0)
})

test('a job that throws goes on', async ({ store }) => {
  await using failing = await startProcess(store, () => Promise.reject(new Error('no')))
  await untilTrue(() => failing.rounds() > 3)
})

test('a long round gets the signal to end when the lease is lost', async ({ store }) => {
  let hasEnded = false
  await using _first = await startProcess(store, async mayGoOn => {
    while (mayGoOn()) await new Promise(resolve => setTimeout(resolve, 5))
    hasEnded = true
  })
  await store.raw.leases.updateOne({ _id: lease.name }, { $set: { owner: 'another', until: new Date(Date.now() + 60_000) } })
  await untilTrue(() => hasEnded)
})
