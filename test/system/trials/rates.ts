import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { createSenderWorld, type SenderWorld } from '#test/load/sender-world.ts'
import type { Facts } from '../trial.ts'
import { mostWithin, openSending, type Post } from './sending.ts'

const SENDERS = 3
const RATE = 80
const BURST = 8
const SECONDS = Number(process.env.TRIAL_SECONDS ?? 60)
/** What Meta really allows the last number, of which Linko believes that it is 80. */
const LOWERED = 50
/** Calls in flight are refused with the first. */
const ADAPTED_MS = 2000

/**
 * Three senders, three numbers of 80/s with more than a minute's work in both priorities, one person with 120
 * messages, and a number that Meta slows.
 */
export async function run(): Promise<Facts> {
  await using w = await openSending()
  const world = await createSenderWorld(w.store, w.queue, { numbers: 4, throughput: RATE, conversations: 16_000 })
  const [slowed, ...steady] = world.numbers as [ClientDoc, ...ClientDoc[]]
  await w.simulator.add(steady)
  await w.simulator.add([slowed], LOWERED)
  await w.startSenders(SENDERS)
  await world.enqueue(await backlog(world))
  const startedAt = Date.now()
  const campaigns = world.numbers.map(number => ({ number, waiting: [] as MessageDoc['_id'][] }))
  while (Date.now() < startedAt + (SECONDS + 15) * 1000) {
    for (const campaign of campaigns) campaign.waiting = await feed(w.store, world, campaign)
    await sleep(250)
  }
  const facts: Facts = {}
  for (const [i, number] of steady.entries()) {
    const posts = await w.simulator.posts(number.phoneNumberId)
    Object.assign(facts, rateFacts(`number ${i + 1}`, posts))
  }
  return {
    ...facts,
    ...(await refusalFacts(w.store, slowed)),
    'seconds seen': [((Date.now() - startedAt) / 1000).toFixed(0), null],
  }
}

/** More replies than there is time for; one person is written to 120 times. */
async function backlog(world: SenderWorld) {
  const messages = await world.accept(world.numbers.length * RATE * (SECONDS + 30))
  const conversation = world.conversations.find(({ phoneNumberId }) => phoneNumberId === world.numbers[1]?.phoneNumberId)
  if (conversation) messages.push(...(await world.accept(120, { conversation })))
  return messages.toSorted(() => Math.random() - 0.5)
}

/** Two seconds' worth always waits, as the release of campaigns keeps it. */
async function feed(store: Store, world: SenderWorld, { number, waiting }: { number: ClientDoc; waiting: MessageDoc['_id'][] }) {
  const rows = store.raw.messages.find({ _id: { $in: waiting }, dispatch: { $ne: null } }, { projection: { _id: 1 } })
  const still = (await rows.toArray()).map(({ _id }) => _id)
  const more = await world.accept(Math.max(0, RATE * 2 - still.length), { number, priority: 'campaign' })
  await world.enqueue(more)
  return [...still, ...more.map(({ _id }) => _id)]
}

function rateFacts(name: string, posts: Post[]): Facts {
  const first = Math.min(...posts.map(({ at }) => at))
  const minute = posts.filter(({ at }) => at < first + SECONDS * 1000).length
  const wanted = RATE * SECONDS
  const most = mostWithin(posts, 1000)
  return {
    [`${name}: most posts in a sliding second, of ${RATE + BURST}`]: [most, most <= RATE + BURST],
    [`${name}: posts in the first ${SECONDS} s, of ${wanted}`]: [minute, minute <= wanted * 1.01 && minute >= wanted * 0.8],
  }
}

async function refusalFacts(store: Store, slowed: ClientDoc): Promise<Facts> {
  const refused = await store.raw.messages
    .aggregate<{ phoneNumberId: string; code: number; at: Date }>([
      { $match: { 'timeline.outcome': 'refused' } },
      { $unwind: '$timeline' },
      { $match: { 'timeline.outcome': 'refused' } },
      { $project: { phoneNumberId: 1, code: '$timeline.code', at: '$timeline.at' } },
      { $sort: { at: 1 } },
    ])
    .toArray()
  const of = (code: number) => refused.filter(it => it.code === code)
  const tooFast = of(130429).filter(({ phoneNumberId }) => phoneNumberId === slowed.phoneNumberId)
  const first = tooFast[0]?.at.getTime() ?? Number.NaN
  const late = tooFast.filter(({ at }) => at.getTime() > first + ADAPTED_MS).length
  return {
    'pair limit violated (131056)': [of(131056).length, of(131056).length === 0],
    '130429 on numbers with the right limit': [of(130429).length - tooFast.length, of(130429).length === tooFast.length],
    [`130429 on the number slowed to ${LOWERED}/s, until it was adapted`]: [tooFast.length - late, tooFast.length > late],
    [`130429 on it more than ${ADAPTED_MS / 1000} s after the first`]: [late, late === 0],
    'other refusals': [
      refused.length - tooFast.length - of(131056).length,
      refused.length === tooFast.length + of(131056).length,
    ],
  }
}
