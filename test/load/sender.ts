import { connectQueue } from '#shared/queue/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { log, openBed } from './bed.ts'
import { type Child, startChild } from './child.ts'
import { alternate, ratio, report, type Turn } from './measure/figures.ts'
import { untilCounted } from './measure/patience.ts'
import type { StubCount } from './meta-stub.ts'
import { createSenderWorld, type SenderWorld } from './sender-world.ts'

const SENDS = Number(process.env.BENCH_MESSAGES ?? 6000)
const AT_ONCE = 400
const CLIENTS = ['axios', 'axios-undici', 'undici'] as const

/** Messages sent with claim, limits and outcome stored: the sender beside bare HTTP clients posting to the same stub. */
export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  const store = await bed.openStore()
  await migrate(store)
  const queue = stack.use(await connectQueue(bed.rabbitmqUrl, { log, name: 'bench', youngQueueWaitMs: 0 }))
  const world = await createSenderWorld(store, queue, { conversations: SENDS / 2 })
  const stub = stack.use(await startChild('test/load/meta-stub.ts', bed.env))
  const url = `http://127.0.0.1:${stub.port}`
  const env = { ...bed.env, META_GRAPH_URL: url, SENDER_CONCURRENCY: String(AT_ONCE) }
  const sender = stack.use(await startChild('services/sender/main.ts', env))
  const bare: Record<string, () => Promise<Turn>> = {}
  for (const name of CLIENTS) {
    const child = stack.use(await startChild('test/load/skeletons/sender.ts', bed.env, [name]))
    bare[`bare ${name}`] = () => postTurn(child, stub, url)
  }
  const product = async (count = SENDS) => {
    const turn = await sendTurn(sender, stub, world, count)
    await bed.purge()
    return turn
  }
  await product(1000)
  for (const latencyMs of [0, 100]) {
    await stub.ask({ latencyMs })
    console.log(`sender: ${SENDS} sends a turn, ${AT_ONCE} at once, Meta answers after ${latencyMs} ms`)
    const figures = await alternate({ product: () => product(), ...bare } as Record<string, () => Promise<Turn>>)
    report(`sender, Meta at ${latencyMs} ms`, figures)
    const over = (name: string) => (figures.product?.['/s'] as number) / (figures[name]?.['/s'] as number)
    ratio('product ÷ bare axios, the fixed package', over('bare axios'), '≥ 0.35', over('bare axios') >= 0.35)
    ratio("product ÷ bare axios over the product's undici adapter", over('bare axios-undici'), '', true)
    ratio('product ÷ bare undici', over('bare undici'), '', true)
  }
}

/** The sender is stopped while rows and send jobs are prepared; from the first post to the last outcome stored. */
async function sendTurn(sender: Child, stub: Child, world: SenderWorld, count: number): Promise<Turn> {
  sender.process.kill('SIGSTOP')
  await world.enqueue(await world.accept(count))
  await stub.ask({ reset: true })
  const cpu = sender.cpuUs()
  sender.process.kill('SIGCONT')
  let counted = await stub.ask<StubCount>({})
  await untilCounted({ what: 'messages posted', goal: count }, async () => {
    counted = await stub.ask<StubCount>({})
    return counted.posts
  })
  await untilCounted({ what: 'outcomes stored', goal: count, everyMs: 10 }, async () => count - (await world.open()))
  const now = performance.timeOrigin + performance.now()
  if (counted.posts !== count) throw new Error(`${count} messages were posted ${counted.posts} times`)
  return {
    '/s': (count / (now - counted.firstAt)) * 1000,
    'at the stub /s': (count / (counted.lastAt - counted.firstAt)) * 1000,
    'CPU µs': (sender.cpuUs() - cpu) / count,
  }
}

async function postTurn(child: Child, stub: Child, url: string): Promise<Turn> {
  await stub.ask({ reset: true })
  const cpu = child.cpuUs()
  const { perSecond } = await child.ask<{ perSecond: number }>({ url, posts: SENDS, atOnce: AT_ONCE })
  const cpuUs = (child.cpuUs() - cpu) / SENDS
  const { firstAt, lastAt } = await stub.ask<StubCount>({})
  return { '/s': perSecond, 'at the stub /s': (SENDS / (lastAt - firstAt)) * 1000, 'CPU µs': cpuUs }
}
