import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Child, startChild } from '#test/load/child.ts'
import { PRELOAD, pointsIn } from './preload-file.ts'
import { between, derived, type Random } from './random.ts'
import type { Faulty, Service } from './services.ts'
import type { World } from './world.ts'

/** A process stood still in the middle of its work, and went on. */
export interface Stop {
  service: Service
  point: string
  /** Whether the broker gave its deliveries to the other process before it went on. */
  isTakenOver: boolean
}

export interface Owners extends Faulty {
  stops: readonly Stop[]
}

/** Services whose shards have one active consumer each, with the queue whose consumers are their living processes. */
const OWNERS = { ingest: QUEUES.dead, realtime: QUEUES.members } as const
type Owner = keyof typeof OWNERS
const INSTANCES = 2
const HEARTBEAT_S = 2
/** Longest wait before each statement, so that the two owners have the same deliveries in hand for longer. */
const DELAY_MS = 60
const MOST_POINTS = 60
const TAKEN_WITHIN_MS = 15_000
/** Longest time for which the other owner has the deliveries for itself. */
const ALONE_MS = 500
/** A process without a shard comes by no point: the trial goes on without its stops. */
const IDLE_MS = 15_000

/**
 * Two recorders and two realtime nodes that stop themselves in the middle of their work for longer than the broker waits for a
 * heartbeat: their deliveries go to the other process, and when they go on, both believe to be the owner. Up to `stops` of each.
 */
export async function startOwners(env: NodeJS.ProcessEnv, { queue }: World, stops: number, random: Random): Promise<Owners> {
  await using stack = new AsyncDisposableStack()
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-owners-'))
  stack.defer(() => rmSync(dir, { recursive: true, force: true }))
  const done: Stop[] = []
  const standing = { ingest: 0, realtime: 0 }

  async function startOwner(service: Owner, i: number, own: Random): Promise<{ child: Child; ended: Promise<void> }> {
    const report = path.join(dir, `${service}-${i}`)
    const child = await startChild(`services/${service}/main.ts`, {
      ...env,
      INGEST_ROLE: 'recorder',
      RABBITMQ_URL: `${env.RABBITMQ_URL}?heartbeat=${HEARTBEAT_S}`,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      FAULT_AT: Array.from({ length: stops }, () => between(own, 1, MOST_POINTS)).join(),
      FAULT_SIGNAL: 'SIGSTOP',
      FAULT_DELAY_MS: String(DELAY_MS),
      FAULT_REPORT: report,
    })
    const ended = new Promise<void>((resolve, reject) => {
      resumeAll(service, child, report, { own, onIdle: resolve }).then(resolve, reject)
    })
    return { child, ended }
  }

  async function resumeAll(
    service: Owner,
    child: Child,
    report: string,
    { own, onIdle }: { own: Random; onIdle(): void },
  ): Promise<void> {
    let resumedAt = performance.now()
    for (let resumed = 0; resumed < stops && !isEnded(child); await sleep(20)) {
      if (performance.now() - resumedAt > IDLE_MS) onIdle()
      const point = pointsIn(report)[resumed]
      if (point === undefined) continue
      standing[service]++
      const isTakenOver = await isGivenAway(service)
      await sleep(own() * ALONE_MS)
      standing[service]--
      child.process.kill('SIGCONT')
      done.push({ service, point, isTakenOver })
      resumed++
      resumedAt = performance.now()
    }
  }

  const isEnded = (child: Child) => child.process.exitCode !== null || child.process.signalCode !== null

  /** Waits until the broker has given up the processes that stand. */
  async function isGivenAway(service: Owner): Promise<boolean> {
    for (const until = performance.now() + TAKEN_WITHIN_MS; performance.now() < until; await sleep(50)) {
      const { consumerCount } = await queue.check(OWNERS[service])
      if (consumerCount <= INSTANCES - standing[service]) return true
    }
    return false
  }

  const others = {
    gateway: stack.use(await startChild('services/gateway/main.ts', env)),
    ingest: stack.use(await startChild('services/ingest/main.ts', { ...env, INGEST_ROLE: 'receiver' })),
    sender: stack.use(await startChild('services/sender/main.ts', env)),
  }
  const names: Owner[] = ['ingest', 'ingest', 'realtime', 'realtime']
  const owners = await Promise.all(names.map((service, i) => startOwner(service, i, derived(random))))
  for (const { child } of owners) stack.use(child)
  const opened = stack.move()
  const ended = Promise.all(owners.map(owner => owner.ended)).then(() => undefined)
  // Awaited by the trial, later.
  ended.catch(() => undefined)
  const ports = { ...others, realtime: owners.at(-1)?.child as Child }
  return {
    stops: done,
    ended,
    url: async service => `http://127.0.0.1:${ports[service].port}`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
