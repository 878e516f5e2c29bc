import { setTimeout as sleep } from 'node:timers/promises'
import { alternate, ratio, report, type Turn } from './measure/figures.ts'
import { between, beyondIdle, costOf, createMeter, idleOf, type Meter, type Spending } from './measure/meter.ts'
import { PATIENCE_MS, untilCounted } from './measure/patience.ts'
import { type Contestant, type Mixed, openMixed, printWarnings } from './mixed/contestants.ts'
import type { MixedJob, MixedResult } from './mixed/load.ts'
import { countInbound, countRead, countUnnumbered } from './mixed/rows.ts'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 10)
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 100)
const [INBOUND = 0, SENDS = 0] = (process.env.BENCH_RATES ?? '20+5').split('+').map(Number)
/** As many as the demo has: each is cached for a moment, and at this rate forty would be read for each message. */
const NUMBERS = 2
const TARGETS = { send: 16, inbound: 8 }
/** What follows the last row, such as marks that are taken away. */
const REST_MS = 500

/** What one send, with its three statuses, and one customer's message cost at a low rate, beyond what idle processes need. */
export async function run(): Promise<void> {
  await using mixed = await openMixed(PEOPLE, NUMBERS)
  const skeleton = meteredOf(await mixed.startSkeleton())
  const product = meteredOf(await mixed.startProduct())
  for (const contestant of [product, skeleton]) await spentFor(mixed, contestant, { inbound: 20, sends: 5, seconds: 4 })
  const [ofProduct = NOTHING, ofSkeleton = NOTHING] = await idleOf([product.meter, skeleton.meter], SECONDS)
  product.idle = ofProduct
  skeleton.idle = ofSkeleton
  report('cost of a second, idle', {
    product: costOf(product.idle, product.idle.seconds),
    skeleton: costOf(skeleton.idle, skeleton.idle.seconds),
  })
  const send = (of: Metered) => () => costTurn(mixed, of, { inbound: 0, sends: SENDS, seconds: SECONDS })
  const inbound = (of: Metered) => () => costTurn(mixed, of, { inbound: INBOUND, sends: 0, seconds: SECONDS })
  console.log(`\ncost: ${SENDS} sends a second, then ${INBOUND} inbound a second, ${PEOPLE} people, turns of ${SECONDS} s`)
  const figures = await alternate({
    'a send, product': send(product),
    'a send, skeleton': send(skeleton),
    'an inbound, product': inbound(product),
    'an inbound, skeleton': inbound(skeleton),
  })
  report('cost of an operation', figures)
  compare('a send', figures['a send, product'], figures['a send, skeleton'], TARGETS.send)
  compare('an inbound', figures['an inbound, product'], figures['an inbound, skeleton'], TARGETS.inbound)
  printWarnings(product)
}

function compare(what: string, product: Turn, skeleton: Turn, mostRequests: number): void {
  const [requests, times] = [product.requests as number, (key: string) => (product[key] as number) / (skeleton[key] as number)]
  ratio(`requests of ${what}`, requests, `≤ ${mostRequests}`, requests <= mostRequests)
  ratio(`of requests of ${what}, product ÷ skeleton`, times('requests'), '', true)
  ratio(`of CPU of ${what}, product ÷ skeleton`, times('CPU ms in all'), '', true)
}

interface Metered extends Contestant {
  meter: Meter
  idle: Spending
}

const NOTHING: Spending = { seconds: 1, requests: 0, commands: {}, aborts: 0, cpuMs: {} }

const meteredOf = (contestant: Contestant): Metered => ({
  ...contestant,
  meter: createMeter(contestant.store, contestant.services),
  idle: NOTHING,
})

interface Rates {
  inbound: number
  sends: number
  seconds: number
}

async function costTurn(mixed: Mixed, contestant: Metered, rates: Rates): Promise<Turn> {
  const spent = await spentFor(mixed, contestant, rates)
  return costOf(beyondIdle(spent, contestant.idle), (rates.inbound + rates.sends) * rates.seconds)
}

let turns = 0

/** From before the load until all that follows from it is written. */
async function spentFor({ load }: Mixed, contestant: Metered, { inbound, sends, seconds }: Rates): Promise<Spending> {
  const tag = `COST${process.pid}n${++turns}`
  const since = new Date()
  const job: MixedJob = { ...contestant.target, inPerSecond: inbound, outPerSecond: sends, seconds, tag }
  const before = await contestant.meter.read()
  await load.ask<MixedResult>(job, seconds * 1000 + PATIENCE_MS)
  // The reading at the end is the first request of our own.
  let ownRequests = 1
  const until = (what: string, goal: number, count: () => Promise<number>) =>
    untilCounted({ what, goal, everyMs: 250 }, () => {
      ownRequests++
      return count()
    })
  if (inbound > 0) await until('messages of customers stored', inbound * seconds, () => countInbound(contestant, tag))
  if (sends > 0) await until('sends read', sends * seconds, () => countRead(contestant, since))
  await until('events to number left over', 0, async () => -(await countUnnumbered(contestant)))
  await sleep(REST_MS)
  return between(before, await contestant.meter.read(), ownRequests)
}
