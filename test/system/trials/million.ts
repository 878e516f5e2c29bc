import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { Child } from '#test/load/child.ts'
import type { Facts } from '../trial.ts'
import { csvOf, draftCampaign, type Rest, restOf, tokenOf, untilChecked } from './campaigns.ts'
import { checkSent, openSending, type Sending } from './sending.ts'

const RECIPIENTS = Number(process.env.TRIAL_RECIPIENTS ?? 1_000_000)
const SMALL = 1000
const PAUSES = 3
/** Enough for a thousand, and for a million. */
const HEAP_MB = 224
/** After so many posts it is cancelled: the simulator remembers 100,000. */
const POSTS = Number(process.env.TRIAL_POSTS ?? 40_000)
const { phoneNumberId, wabaId } = DEMO_TENANTS.demo

/** A campaign of a thousand and one of a million: what they need, and pauses, a killed sender and a cancel in the middle. */
export async function run(): Promise<Facts> {
  await using w = await openSending({ heapMb: HEAP_MB })
  await w.store.raw.clients.updateMany({}, { $set: { messagingLimit: null, throughput: 1000 } })
  await w.simulator.call(`numbers/${phoneNumberId}`, { throughput: 1000 })
  // The gateway reads the number's fields anew and would find the limit again.
  await w.simulator.call(`wabas/${wabaId}`, { messagingTier: 'TIER_UNLIMITED' })
  const gateway = await w.startGateway()
  let sender = await w.startSender()
  const rest = restOf(gateway, await tokenOf(w.store, 'manager@whatsapp-saas.com'))
  const small = await prepare(rest, SMALL, () => [gateway, sender])
  const large = await prepare(rest, RECIPIENTS, () => [gateway, sender])
  const facts: Facts = {
    'heap that gateway and sender may have each, in MB': [HEAP_MB, null],
    [`${SMALL} rows given and checked in s, memory at most in MB`]: [`${small.seconds.toFixed(1)}, ${small.memory.most}`, null],
    [`${RECIPIENTS} rows given and checked in s, memory at most in MB`]: [
      `${large.seconds.toFixed(0)}, ${large.memory.most}`,
      large.recipients === RECIPIENTS,
    ],
    'heap that stays, in the first and the last third of it, in MB': keptFact(large.memory),
    'its estimate in ms (< 2,000)': [large.estimateMs, large.estimateMs < 2000],
  }
  await rest('POST', `/campaigns/${large.id}/start`, {})
  const watch = watchMemory(() => [gateway, sender])
  const late: number[] = []
  for (let i = 1; i <= PAUSES; i++) {
    await untilPosts(w, (POSTS * i) / (PAUSES + 1))
    late.push(await pauseMs(w, rest, large.id))
    if (i === 2) {
      sender.process.kill('SIGKILL')
      sender = await w.startSender()
    }
    await rest('POST', `/campaigns/${large.id}/resume`, {})
  }
  await untilPosts(w, POSTS)
  const memory = watch.stop()
  await rest('POST', `/campaigns/${large.id}/cancel`, {})
  await untilEnded(w, rest, large.id)
  return {
    ...facts,
    'memory while it was sent, gateway + sender, at most in MB': [memory.most, null],
    'heap that stays meanwhile, in the first and the last third, in MB': keptFact(memory),
    'last post after a pause was answered, in ms (≤ 1,000)': [late.join(', '), late.every(ms => ms <= 1000)],
    ...(await lossFacts(w, large.id)),
  }
}

async function prepare(rest: Rest, count: number, children: () => Child[]) {
  const watch = watchMemory(children)
  const startedAt = performance.now()
  const id = await draftCampaign(rest, `campaign of ${count}`, csvOf(count))
  await untilChecked(rest, id)
  const seconds = (performance.now() - startedAt) / 1000
  const askedAt = performance.now()
  const { recipients } = await rest('POST', `/campaigns/${id}/estimate`, {})
  return { id, seconds, memory: watch.stop(), recipients, estimateMs: Math.round(performance.now() - askedAt) }
}

interface Memory {
  /** Resident, of all of them together, in MB. */
  most: number
  /** The lowest heap of each, which is what a collection leaves, summed up: at the beginning and at the end. */
  kept: [number, number]
}

/** What is kept does not grow with what has passed through. */
const keptFact = ({ kept: [first, last] }: Memory): Facts[string] => [`${first}, ${last}`, last <= first * 1.25]

function watchMemory(children: () => Child[]): { stop(): Memory } {
  let most = 0
  const heaps = children().map(() => [] as number[])
  async function look(): Promise<void> {
    most = Math.max(
      most,
      children().reduce((sum, child) => sum + residentMb(child), 0),
    )
    // One that is being killed or started says nothing.
    await Promise.all(children().map(async (child, i) => heaps[i]?.push(await heapMb(child).catch(() => Infinity))))
  }
  const timer = setInterval(() => void look(), 250)
  const lowest = (part: (heap: number[]) => number[]) => Math.round(heaps.reduce((sum, heap) => sum + Math.min(...part(heap)), 0))
  return {
    stop() {
      clearInterval(timer)
      const third = (heap: number[]) => Math.ceil(heap.length / 3)
      return {
        most: Math.round(most),
        kept: [lowest(heap => heap.slice(0, third(heap))), lowest(heap => heap.slice(-third(heap)))],
      }
    },
  }
}

async function heapMb({ port }: Child): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${port}/metrics`)
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(await body.text())?.[1]) / 1_048_576
}

function residentMb({ process: { pid, exitCode, signalCode } }: Child): number {
  if (exitCode !== null || signalCode !== null) return 0
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

async function untilPosts({ simulator }: Sending, count: number): Promise<void> {
  while ((await simulator.call('counts')).accepted < count) await sleep(100)
}

/** How long after the answer the last post came. */
async function pauseMs({ simulator }: Sending, rest: Rest, id: string): Promise<number> {
  await rest('POST', `/campaigns/${id}/pause`, {})
  const pausedAt = Date.now()
  await sleep(3000)
  const last = Math.max(...(await simulator.posts(phoneNumberId)).map(({ at }) => at))
  return Math.max(0, last - pausedAt)
}

async function untilEnded({ store }: Sending, rest: Rest, id: string): Promise<void> {
  for (let isOver = false; !isOver; await sleep(500)) {
    const open = await store.raw.messages.countDocuments({ campaignId: { $ne: null }, dispatch: { $ne: null } })
    isOver = open === 0 && (await rest('GET', `/campaigns/${id}`)).status === 'CANCELLED'
  }
  await sleep(1000)
}

/** Recipients up to the last that was released have one message each, the others none. */
async function lossFacts(w: Sending, id: string): Promise<Facts> {
  const messages = await w.store.raw.messages
    .find({ campaignId: { $ne: null } }, { projection: { _id: 1, contactKey: 1 } })
    .toArray()
  const campaign = await w.store.raw.campaigns.findOne({ name: `campaign of ${RECIPIENTS}` })
  const people = new Set(messages.map(({ contactKey }) => contactKey)).size
  const facts = await checkSent(
    w.store,
    await w.simulator.posts(),
    messages.map(({ _id }) => String(_id)),
  )
  return {
    'released, messages, people among them': [
      `${campaign?.releasedRow}, ${messages.length}, ${people}`,
      String(campaign?._id) === id && campaign?.releasedRow === messages.length && people === messages.length,
    ],
    ...facts,
  }
}
