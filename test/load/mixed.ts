import { alternate, percentile, ratio, report, type Turn } from './measure/figures.ts'
import { between, cpuPerOperation, createMeter } from './measure/meter.ts'
import { PATIENCE_MS, Unfinished, untilCounted } from './measure/patience.ts'
import { type Contestant, type Mixed, openMixed, printWarnings, warningsOf } from './mixed/contestants.ts'
import type { MixedJob, MixedResult } from './mixed/load.ts'
import { countInbound, countRead, lagsOf, untilNumbered, wrongCounters } from './mixed/rows.ts'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
const PEOPLE = (process.env.BENCH_PEOPLE ?? '40,400,2000').split(',').map(Number)
type Rates = [inPerSecond: number, outPerSecond: number]
const RATES = (process.env.BENCH_RATES ?? '100+20,100+60').split(',').map(pair => pair.split('+').map(Number) as Rates)
const WARM_UP: Rates = [50, 10]
const TARGETS = { acceptP99: 150, lagP99: 500, ratio: 3, storedMs: 2000 }

/** Customers write and users answer in the same conversations, and Meta reports three statuses for each answer. */
export async function run(): Promise<void> {
  for (const people of PEOPLE) await measure(people)
}

async function measure(people: number): Promise<void> {
  await using mixed = await openMixed(people)
  const skeleton = await mixed.startSkeleton()
  const product = await mixed.startProduct()
  const turn = (contestant: Contestant, rates: Rates, seconds = SECONDS) => turnOf(mixed, contestant, rates, seconds)
  for (const contestant of [product, skeleton]) await turn(contestant, WARM_UP, 4)
  for (const rates of RATES) {
    const title = `mixed, ${rates.join(' in/s + ')} out/s, ${people} people`
    console.log(`${title}: turns of ${SECONDS} s`)
    const figures = await alternate({ product: () => turn(product, rates), skeleton: () => turn(skeleton, rates) })
    report(title, figures)
    compare(figures)
  }
  printWarnings(product)
}

function compare({ product, skeleton }: Record<'product' | 'skeleton', Turn>): void {
  const times = (key: string) => (product[key] as number) / (skeleton[key] as number)
  const compared = (name: string, p99: string, mostMs: number) => {
    ratio(`of ${name} p50, product ÷ skeleton`, times(`${name} p50 ms`), '', true)
    const isMet = (product[p99] as number) <= mostMs || times(p99) <= TARGETS.ratio
    ratio(`of ${name} p99, product ÷ skeleton`, times(p99), `≤ ${TARGETS.ratio} or ≤ ${mostMs} ms`, isMet)
  }
  compared('accept', 'accept p99 ms', TARGETS.acceptP99)
  compared('lag', 'lag p99 ms', TARGETS.lagP99)
  const atMost = (key: string, most: number) => ratio(key, product[key], `≤ ${most}`, (product[key] as number) <= most)
  atMost('stored after ms', TARGETS.storedMs)
  for (const key of ['not 202', 'wrong counters', 'warnings']) atMost(key, 0)
}

let turns = 0

async function turnOf({ load }: Mixed, contestant: Contestant, [inRate, outRate]: Rates, seconds: number): Promise<Turn> {
  const { store, services, target } = contestant
  const tag = `MIX${process.pid}n${++turns}`
  const meter = createMeter(store, services)
  const warned = warningsOf(contestant)
  const since = new Date()
  const before = await meter.read()
  const job: MixedJob = { ...target, inPerSecond: inRate, outPerSecond: outRate, seconds, tag }
  const result = await load.ask<MixedResult>(job, seconds * 1000 + PATIENCE_MS)
  const refused = Object.values(result.refused).reduce((sum, count) => sum + count, 0)
  const inbound = inRate * seconds - result.lost.length
  const sent = result.acceptMs.length - refused
  if (result.lost.length > 0) throw new Unfinished(`${result.lost.length} webhooks were not acknowledged`)
  const loadedAt = performance.now()
  await untilCounted({ what: 'messages of customers stored', goal: inbound, everyMs: 50 }, () => countInbound(contestant, tag))
  await untilCounted({ what: 'sends read', goal: sent, everyMs: 50 }, () => countRead(contestant, since))
  const storedMs = performance.now() - loadedAt
  await untilNumbered(contestant)
  const spent = between(before, await meter.read())
  const lags = await lagsOf(contestant, tag, result.postedAt)
  const accept = result.acceptMs.toSorted((a, b) => a - b)
  return {
    'accept p50 ms': percentile(accept, 0.5),
    'accept p99 ms': percentile(accept, 0.99),
    'lag p50 ms': percentile(lags, 0.5),
    'lag p99 ms': percentile(lags, 0.99),
    'stored after ms': storedMs,
    'not 202': refused,
    aborts: spent.aborts,
    'requests per message': spent.requests / (inbound + sent),
    ...cpuPerOperation(spent, inbound + sent),
    'wrong counters': await wrongCounters(contestant),
    warnings: warningsOf(contestant) - warned,
  }
}
