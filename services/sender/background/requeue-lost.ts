import { QUEUES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { makeReady } from '#shared/store/dispatch/finish.ts'
import { findNotTaken } from '#shared/store/dispatch/sweeps.ts'
import type { Publishing } from '../publishing.ts'
import type { RoundRobin } from './round-robin.ts'

export interface RequeueDeps {
  store: Store
  queue: Queue
  publishing: Publishing
  clock: ServerClock
  roundRobin: RoundRobin
}

/** Maximum rows of one number in a run. */
const BATCH = 500
/** Maximum rows of all numbers in a run. */
const MAX_REQUEUED = 10_000

/**
 * Enqueues ready messages that no sender took: their send job was lost.
 * @returns how many numbers have ready messages, lost or not. @throws Outage
 */
export async function requeueLost(deps: RequeueDeps): Promise<number> {
  if (await isQueueBusy(deps.queue)) return 1
  const work = (phoneNumberId: string) => requeueNumber(deps, phoneNumberId)
  return await deps.roundRobin.each('requeue lost send jobs', 'READY', work, MAX_REQUEUED)
}

/** Whether the queues are long: the job of a row that was not taken then probably still waits in one of them. */
async function isQueueBusy(queue: Queue): Promise<boolean> {
  const queues = await Promise.all([QUEUES.chat, QUEUES.bulk].map(name => queue.check(name)))
  return queues.some(({ messageCount }) => messageCount > BATCH)
}

async function requeueNumber({ store, publishing, clock }: RequeueDeps, phoneNumberId: string): Promise<number> {
  const now = clock.now()
  const rows = await findNotTaken(store, phoneNumberId, now, BATCH)
  publishing.enqueue(await makeReady(store, rows, now))
  return rows.length
}
