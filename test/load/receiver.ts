import { QUEUES } from '#shared/queue/topology.ts'
import { openBed } from './bed.ts'
import { type Child, startChild } from './child.ts'
import { alternate, ratio, report, type Turn } from './measure/figures.ts'
import type { LoadResult } from './webhook-load.ts'

const CONNECTIONS = 64
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4)
const SKELETON_QUEUES = QUEUES.conversation.map((_, i) => `bench.skeleton.${i}`)

/** Webhooks acknowledged after the broker's confirm: the receiver beside express, HMAC and a confirmed publish. */
export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  for (const queue of SKELETON_QUEUES) {
    await bed.channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } })
    stack.defer(async () => void (await bed.channel.deleteQueue(queue)))
  }
  const load = stack.use(await startChild('test/load/webhook-load.ts', bed.env))
  const skeletonOver = async (queues: string[]) => stack.use(await startChild('test/load/skeletons/receiver.ts', bed.env, queues))
  const product = stack.use(await startChild('services/ingest/main.ts', { ...bed.env, INGEST_ROLE: 'receiver' }))
  const four = await skeletonOver(SKELETON_QUEUES)
  const one = await skeletonOver(SKELETON_QUEUES.slice(0, 1))

  const turnOf =
    (child: Child) =>
    async (seconds = SECONDS) => {
      const cpu = child.cpuUs()
      const result = await load.ask<LoadResult>({ port: child.port, seconds, connections: CONNECTIONS })
      const cpuUs = (child.cpuUs() - cpu) / (result.perSecond * seconds)
      if (result.refused > 0) throw new Error(`${result.refused} webhooks were refused`)
      await bed.purge()
      for (const queue of SKELETON_QUEUES) await bed.channel.purgeQueue(queue)
      return { '/s': result.perSecond, 'p50 ms': result.p50, 'p99 ms': result.p99, 'CPU µs': cpuUs } satisfies Turn
    }
  console.log(`receiver: ${CONNECTIONS} connections, turns of ${SECONDS} s`)
  for (const child of [product, four, one]) await turnOf(child)(1)
  const figures = await alternate({
    product: () => turnOf(product)(),
    'skeleton, 4 queues': () => turnOf(four)(),
    'skeleton, 1 queue': () => turnOf(one)(),
  })
  report('receiver', figures)
  const [own, bare] = [figures.product, figures['skeleton, 4 queues']] as Record<string, number>[] as [Turn, Turn]
  const [rate, p99] = [n(own, '/s') / n(bare, '/s'), n(own, 'p99 ms') / n(bare, 'p99 ms')]
  ratio('of rates, product ÷ skeleton over as many queues', rate, '≥ 0.8', rate >= 0.8)
  ratio('of p99, product ÷ skeleton over as many queues', p99, '≤ 1.5', p99 <= 1.5)
  ratio('of rates, product ÷ skeleton over one queue', n(own, '/s') / n(figures['skeleton, 1 queue'], '/s'), '', true)
}

const n = (turn: Turn, key: string) => turn[key] as number
