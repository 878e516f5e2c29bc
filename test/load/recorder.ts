import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Child, startChild } from './child.ts'
import { type DemoBed, openDemoBed } from './demo-bed.ts'
import { alternate, inFlight, ratio, report, type Turn } from './measure/figures.ts'
import { untilCounted } from './measure/patience.ts'
import { publishWebhook } from './publish-webhook.ts'
import { BATCH, copyWorld, replay, type Written, watchWrites } from './skeletons/recorder.ts'

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 6000)
const CONTACTS = 500
const RECORDERS = Number(process.env.BENCH_RECORDERS ?? 1)
const COUNTED = 2000
const PARALLEL = 4

/** Who writes: contacts that exist already, or a new contact for each message. */
const AUDIENCES = ['known', 'new'] as const
type Audience = (typeof AUDIENCES)[number]
const TARGETS = { skeleton: 0.5, twoRows: 0.2 }

/** Messages stored: the recorder on a full queue beside bulk writes of the same documents. */
export async function run(): Promise<void> {
  const audiences = AUDIENCES.filter(audience => [undefined, audience].includes(process.env.BENCH_CONTACTS as Audience))
  for (const audience of audiences) await measure(audience)
}

async function measure(audience: Audience): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const { bed, store, queue } = stack.use(await openDemoBed())
  const start = async () => stack.use(await startChild('services/ingest/main.ts', { ...bed.env, INGEST_ROLE: 'recorder' }))
  const recorders = await Promise.all(Array.from({ length: RECORDERS }, start))
  if (RECORDERS > 1) await sleep(8000) // the shards are shared out every 2 s
  const product = (count: number) => recordTurn({ bed, store, queue, recorders, audience }, count)

  await product(CONTACTS) // the first message of each known contact makes its documents
  const written = await counted(store, () => product(COUNTED))
  printWritten(written)
  const fresh = await bed.openStore('new')
  await migrate(fresh)
  await copyWorld(store, fresh)
  const skeleton = (parallel: number, collections?: string[]) => () =>
    replay(fresh, written, { messages: MESSAGES, parallel, ...(collections && { collections }) })
  const twoRows = ['messages', 'conversations']

  const people = audience === 'new' ? 'new contacts, one each' : `${CONTACTS} known contacts`
  console.log(`recorder: ${RECORDERS} process(es), ${MESSAGES} messages of ${people} a turn`)
  const figures = await alternate({
    product: () => product(MESSAGES),
    'skeleton, one batch at a time': skeleton(1),
    [`skeleton, ${PARALLEL} batches at a time`]: skeleton(PARALLEL),
    'two rows, one batch at a time': skeleton(1, twoRows),
    [`two rows, ${PARALLEL} batches at a time`]: skeleton(PARALLEL, twoRows),
  })
  report(`recorder, ${people}, ${BATCH} a batch`, figures)
  const rate = (name: keyof typeof figures) => (figures.product['/s'] as number) / (figures[name]['/s'] as number)
  const [same, two] = [rate('skeleton, one batch at a time'), rate('two rows, one batch at a time')]
  ratio('product ÷ skeleton', same, `≥ ${TARGETS.skeleton}`, same >= TARGETS.skeleton)
  ratio(`product ÷ skeleton, ${PARALLEL} batches at a time`, rate(`skeleton, ${PARALLEL} batches at a time`), '', true)
  ratio('product ÷ two rows', two, `≥ ${TARGETS.twoRows}`, two >= TARGETS.twoRows)
  ratio(`product ÷ two rows, ${PARALLEL} batches at a time`, rate(`two rows, ${PARALLEL} batches at a time`), '', true)
}

interface World extends DemoBed {
  recorders: Child[]
  audience: Audience
}

let published = 0

/** The recorder stands still while the queues fill, then runs: from its first commit to its last. */
async function recordTurn({ bed, store, queue, recorders, audience }: World, count: number): Promise<Turn> {
  for (const recorder of recorders) recorder.process.kill('SIGSTOP')
  await inFlight(400, count, () => publish(queue, published++, audience))
  const before = await store.raw.messages.estimatedDocumentCount()
  const cpuUs = () => recorders.reduce((sum, recorder) => sum + recorder.cpuUs(), 0)
  const cpu = cpuUs()
  for (const recorder of recorders) recorder.process.kill('SIGCONT')
  let [first, firstCount] = [0, 0]
  await untilCounted({ what: 'messages stored', goal: count, everyMs: 10 }, async () => {
    const done = (await store.raw.messages.estimatedDocumentCount()) - before
    if (done > 0 && first === 0) [first, firstCount] = [performance.now(), done]
    return done
  })
  const seconds = (performance.now() - first) / 1000
  const spent = (cpuUs() - cpu) / count
  await bed.purge()
  return { '/s': (count - firstCount) / seconds, 'CPU µs': spent }
}

function publish(queue: Queue, i: number, audience: Audience): Promise<void> {
  const person = audience === 'new' ? i : i % CONTACTS
  return publishWebhook(queue, person, `REC${i}x${process.pid}`)
}

async function counted(store: Store, work: () => Promise<unknown>): Promise<Written> {
  const watching = await watchWrites(store)
  await work()
  return await watching.stop(COUNTED)
}

function printWritten(written: Written): void {
  const total = written.get('messages')?.inserts.length ?? COUNTED
  const parts = [...written].map(([name, { inserts, updates }]) => {
    const each = (list: unknown[], what: string) => (list.length > 0 ? [`${(list.length / total).toFixed(2)} ${what}`] : [])
    return `${name} ${[...each(inserts, 'inserts'), ...each(updates, 'updates')].join(', ')}`
  })
  console.log(`written per message, counted over ${total}: ${parts.join('; ')}`)
}
