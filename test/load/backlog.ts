import { alternate, inFlight, percentile, ratio, report, type Turn } from './measure/figures.ts'
import { PATIENCE_MS, untilCounted } from './measure/patience.ts'
import { type Contestant, type Mixed, openMixed, printWarnings, warningsOf } from './mixed/contestants.ts'
import { type MixedJob, type MixedResult, STOP } from './mixed/load.ts'
import { countInbound, countRead, untilNumbered, wrongCounters } from './mixed/rows.ts'
import { publishWebhook } from './publish-webhook.ts'

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 50_000)
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 2000)
const SENDS_PER_SECOND = Number(process.env.BENCH_SENDS ?? 50)
const TARGETS = { beside: 0.7, acceptP99: 300 }
/** A recorder that is slower than this does not finish its turn. */
const LEAST_PER_SECOND = 200

/** Webhooks that waited while no recorder ran, recorded alone, and while users write in the same conversations. */
export async function run(): Promise<void> {
  await using mixed = await openMixed(PEOPLE)
  const product = await mixed.startProduct({ hasOwnRecorder: true })
  // The first message of each person completes the documents of that person.
  await drain(mixed, product, { messages: PEOPLE, sends: 10 })
  console.log(`backlog: ${MESSAGES} webhooks of ${PEOPLE} people a turn, beside ${SENDS_PER_SECOND} sends a second`)
  const figures = await alternate({
    alone: () => drain(mixed, product, { messages: MESSAGES, sends: 0 }),
    'beside sends': () => drain(mixed, product, { messages: MESSAGES, sends: SENDS_PER_SECOND }),
  })
  report('backlog', figures)
  compare(figures.alone, figures['beside sends'])
  printWarnings(product)
}

function compare(alone: Turn, beside: Turn): void {
  const share = (beside['drained /s'] as number) / (alone['drained /s'] as number)
  ratio('of rates, beside sends ÷ alone', share, `≥ ${TARGETS.beside}`, share >= TARGETS.beside)
  const atMost = (key: string, most: number) => ratio(key, beside[key], `≤ ${most}`, (beside[key] as number) <= most)
  atMost('accept p99 ms', TARGETS.acceptP99)
  for (const key of ['not 202', 'wrong counters', 'warnings']) atMost(key, 0)
}

let turns = 0

/** The recorder stands still while the queues fill, then runs until the last of them is stored. */
async function drain(mixed: Mixed, product: Contestant, { messages, sends }: { messages: number; sends: number }): Promise<Turn> {
  const { store, services, target } = product
  const tag = `BACK${process.pid}n${++turns}`
  const warned = warningsOf(product)
  const rows = () => store.raw.messages.estimatedDocumentCount()
  const before = await rows()
  services.recorder?.process.kill('SIGSTOP')
  await inFlight(400, messages, i => {
    const person = i % target.people.length
    return publishWebhook(mixed.queue, person, `${tag}x${i}`, target.people[person]?.phoneNumberId)
  })
  const since = new Date()
  const patienceMs = PATIENCE_MS + (messages / LEAST_PER_SECOND) * 1000
  const sending = sends > 0 ? send(mixed, target, { sends, tag, patienceMs }) : null
  services.recorder?.process.kill('SIGCONT')
  // Sends are rows too, so the cheap count is reached a little early; the exact one decides.
  const goal = { what: 'webhooks recorded', goal: messages, patienceMs }
  let drainedMs = await untilCounted(goal, async () => (await rows()) - before)
  drainedMs += await untilCounted(goal, () => countInbound(product, tag))
  mixed.load.process.send(STOP)
  const sent = await sending
  await untilCounted({ what: 'sends read', goal: sent?.accepted ?? 0, everyMs: 100 }, () => countRead(product, since))
  await untilNumbered(product)
  return {
    'drained /s': (messages / drainedMs) * 1000,
    ...sent?.figures,
    'wrong counters': await wrongCounters(product),
    warnings: warningsOf(product) - warned,
  }
}

interface Sending {
  sends: number
  tag: string
  patienceMs: number
}

/** Users write until the STOP. */
async function send({ load }: Mixed, target: Contestant['target'], { sends, tag, patienceMs }: Sending) {
  const job: MixedJob = { ...target, inPerSecond: 0, outPerSecond: sends, seconds: null, tag }
  const { acceptMs, refused } = await load.ask<MixedResult>(job, patienceMs + PATIENCE_MS)
  const not202 = Object.values(refused).reduce((sum, count) => sum + count, 0)
  acceptMs.sort((a, b) => a - b)
  const figures = {
    'accept p50 ms': percentile(acceptMs, 0.5),
    'accept p99 ms': percentile(acceptMs, 0.99),
    sends: acceptMs.length,
    'not 202': not202,
  }
  return { figures, accepted: acceptMs.length - not202 }
}
