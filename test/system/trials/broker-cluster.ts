import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkoDir } from '#deploy/local/profiles.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { startCluster } from '#test/support/rabbitmq-cluster.ts'
import type { Facts } from '../trial.ts'
import { startTrial } from './stack.ts'
import { startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 50)
const OUTAGE_MS = Number(process.env.TRIAL_OUTAGE_S ?? 20) * 1000
const STORED_WITHIN_MS = 120_000
const PROFILE = 'trial-broker-cluster-nodes'

/**
 * A RabbitMQ cluster of three behind one address. The node that leads a shard's queue is killed: the other two go on. Then a second
 * one: nothing is confirmed, and the spool takes over. Then both come back. Nothing is lost or stored twice.
 */
export async function run(): Promise<Facts> {
  rmSync(linkoDir(PROFILE), { recursive: true, force: true })
  await using cluster = await startCluster(PROFILE)
  process.env.RABBITMQ_URL = cluster.url
  await using trial = await startTrial('broker-cluster')
  const { stack, store } = trial
  const load = await startLoad(stack, PER_SECOND)
  await sleep(5000)

  const leader = await cluster.leaderOf(QUEUES.conversation[0] as string)
  const killedAt = performance.now()
  const startLeader = await leader.supervised.hold()
  await sleep(OUTAGE_MS)
  const storedBeside = await untilStored(
    store,
    { answers: load.answers.filter(({ at }) => at < killedAt + OUTAGE_MS / 2) },
    60_000,
  )

  console.log(
    await cluster.nodes
      .find(n => n !== leader)
      ?.control('list_queues', 'name', 'leader', 'online', 'members', 'state', 'messages'),
  )
  const second = cluster.nodes.find(node => node !== leader)
  if (second === undefined) throw new Error('the cluster has one node')
  const pausedAt = performance.now()
  const startSecond = await second.supervised.hold()
  await sleep(OUTAGE_MS)
  const backFrom = performance.now()
  const behind = load.answers.filter(({ at }) => at > pausedAt + OUTAGE_MS / 4 && at < backFrom)
  const storedMeanwhile = await store.raw.messages.countDocuments({ wamid: { $in: behind.map(({ wamid }) => wamid) } })
  await Promise.all([startLeader(), startSecond()])
  const backAt = performance.now()
  await sleep(5000)
  await load.stop()
  const isStored = (await untilStored(store, load, STORED_WITHIN_MS)) !== null
  const afterS = (performance.now() - backAt) / 1000
  const all = within(load, 0, Infinity)
  const twice = await storedTwice(store)
  const dead = await store.raw.deadLetters.countDocuments()
  const one = within(load, killedAt, pausedAt)
  const two = within(load, pausedAt, backFrom)
  return {
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200'],
    'webhooks with one node away, p50, p99 ms': [`${one.count}: ${one.p50.toFixed(1)}, ${one.p99.toFixed(1)}`, null],
    'webhooks with two nodes away, p50, p99 ms': [`${two.count}: ${two.p50.toFixed(1)}, ${two.p99.toFixed(1)}`, null],
    'stored while one node was away': [storedBeside === null ? 'no' : 'yes', storedBeside !== null],
    'stored while two were away (nothing is confirmed)': [storedMeanwhile, storedMeanwhile === 0],
    'all stored, s after both were back': [isStored ? afterS.toFixed(1) : 'never', isStored],
    'stored twice': [twice, twice === 0],
    'dead letters': [dead, dead === 0],
  }
}
