import { seedDemo } from '#deploy/demo/seed.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { type Bed, keyring, log, openBed } from './bed.ts'

export interface DemoBed {
  bed: Bed
  store: Store
  queue: Queue
}

/** A bed with the demo world in it. */
export async function openDemoBed(): Promise<DemoBed & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const bed = stack.use(await openBed())
  const store = await bed.openStore()
  await migrate(store)
  await seedDemo(store, keyring, { nodeEnv: 'test' })
  const queue = stack.use(await connectQueue(bed.rabbitmqUrl, { log, name: 'bench', youngQueueWaitMs: 0 }))
  const opened = stack.move()
  return { bed, store, queue, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
