import { setTimeout as sleep } from 'node:timers/promises'
import type { Facts } from '../trial.ts'
import { check, type Violations } from './check.ts'
import { startMeta } from './meta.ts'
import { derived, type Random, seeded } from './random.ts'
import { type Faulty, SERVICES } from './services.ts'
import { untilSettled } from './settle.ts'
import { type Ledger, runTraffic } from './traffic.ts'
import { startViewers } from './viewers.ts'
import { createDeliveries } from './webhooks.ts'
import { openWorld, type World } from './world.ts'

const PEOPLE = Number(process.env.TRIAL_PEOPLE ?? 30)
const SEED = Number(process.env.TRIAL_SEED ?? Date.now() % 1_000_000)
const PATIENCE_MS = 900_000

export interface RunOptions {
  /** Customers. */
  people?: number
  seed?: number
  /** Longest time for the faults, and then for the last requests. */
  patienceMs?: number
}

/**
 * Customers write, users answer in the same conversations and read them, Meta reports statuses, and webhooks come twice, until the
 * faults have ended. Then everything settles, and what was promised is compared with what is stored.
 */
export async function runUnderFaults<F extends Faulty>(
  start: (env: NodeJS.ProcessEnv, world: World, random: Random) => Promise<F>,
  { people = PEOPLE, seed = SEED, patienceMs = PATIENCE_MS }: RunOptions = {},
): Promise<{ faulty: F; facts: Facts }> {
  console.log(`TRIAL_SEED=${seed} TRIAL_PEOPLE=${people}`)
  const random = seeded(seed)
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await openWorld(people))
  const deliveries = createDeliveries(derived(random), () => faulty.url('ingest'))
  const meta = stack.use(await startMeta(derived(random), body => deliveries.deliver(body)))
  const faulty = stack.use(await start({ ...world.bed.env, ...ENV, META_GRAPH_URL: meta.url }, world, derived(random)))
  await Promise.all(SERVICES.map(service => faulty.url(service)))
  const viewers = stack.use(await startViewers(world.people, () => faulty.url('realtime')))
  const startedAt = performance.now()
  const stop = new AbortController()
  const options = { ...world, random: derived(random), deliveries, gateway: () => faulty.url('gateway') }
  const traffic = runTraffic(options, stop.signal)
  await Promise.race([faulty.ended, late('the faults', patienceMs)])
  const faultS = (performance.now() - startedAt) / 1000
  stop.abort()
  const ledger = await Promise.race([traffic, late('the last requests', patienceMs)])
  const seen = { world, ledger, meta, viewers }
  const left = await untilSettled(seen)
  const seconds = (performance.now() - startedAt) / 1000
  const facts = {
    ...factsOfTraffic(ledger, deliveries.counts),
    'messages that Meta accepted': [meta.posts.length, null],
    ...factsOf(await check(seen), left),
    's of the faults, s until settled': [`${faultS.toFixed(0)}, ${seconds.toFixed(0)}`, null],
  } satisfies Facts
  return { faulty, facts }
}

const ENV = {
  NODE_ENV: 'test',
  GATEWAY_PORT: '0',
  BASE_URL: 'https://linko.test',
  RATE_LIMIT_API: '1000000/min',
  RATE_LIMIT_MESSAGES: '1000000/min',
  SEND_UNKNOWN_DEADLINE: '20s',
}

async function late(what: string, patienceMs: number): Promise<never> {
  await sleep(patienceMs, undefined, { ref: false })
  throw new Error(`${what} did not end within ${patienceMs / 1000} s`)
}

function factsOfTraffic(ledger: Ledger, { copies, repeats }: { copies: number; repeats: number }): Facts {
  const count = (lists: Map<string, string[]>) => [...lists.values()].reduce((sum, list) => sum + list.length, 0)
  const calls = Object.entries(ledger.repeats).map(([status, times]) => `${times} (${status})`)
  return {
    'messages of customers, sends, reads': [`${count(ledger.received)}, ${count(ledger.accepted)}, ${ledger.reads}`, null],
    'copies of webhooks, and posts without an answer': [`${copies}, ${repeats}`, null],
    'calls that were repeated, by status': [calls.join(', ') || 'none', null],
  }
}

function factsOf(violations: Violations, left: Record<string, number>): Facts {
  const rules = Object.entries(violations).map(([rule, found]) => {
    for (const one of found.slice(0, 10)) console.log(`violation of “${rule}”: ${one}`)
    return [rule, [found.length, found.length === 0]] as const
  })
  const remains = Object.entries(left).map(([what, count]) => `${what}: ${count}`)
  return { ...Object.fromEntries(rules), 'left at the end': [remains.join(', ') || 'nothing', remains.length === 0] }
}
