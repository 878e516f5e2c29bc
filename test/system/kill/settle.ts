import { setTimeout as sleep } from 'node:timers/promises'
import { QUEUES } from '#shared/queue/topology.ts'
import type { Seen } from './check.ts'

const PATIENCE_MS = 120_000
/** Whatever would still come twice, or be republished by a sweep, has come by then. */
const QUIET_MS = 6000
const WORK_QUEUES = [...QUEUES.conversation, ...QUEUES.bulkStatus, QUEUES.account, QUEUES.chat, QUEUES.bulk, ...QUEUES.realtime]

/** Waits until nothing is left to do, and a moment longer. @returns what is left when the patience is over; nothing is good */
export async function untilSettled(seen: Seen): Promise<Record<string, number>> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(500)) {
    const left = await leftOf(seen)
    const isOver = performance.now() > until
    if (Object.keys(left).length > 0 && !isOver) continue
    await sleep(QUIET_MS)
    return await leftOf(seen)
  }
}

async function leftOf({ world, ledger, meta, viewers }: Seen): Promise<Record<string, number>> {
  const { store, queue } = world
  const { messages, events, parkedItems } = store.raw
  const expected = [...ledger.received.values()].reduce((sum, wamids) => sum + wamids.length, 0)
  const posted = new Set(meta.posts.map(({ messageId }) => messageId)).size
  const told = [...viewers.seen.values()].reduce((sum, { length }) => sum + length, 0)
  const lengths = await Promise.all(WORK_QUEUES.map(name => queue.check(name)))
  const counts = {
    'customers’ messages not stored': expected - (await messages.countDocuments({ direction: 'INBOUND' })),
    'sends that have not ended': await messages.countDocuments({ dispatch: { $ne: null } }),
    'posts that are not READ': posted - (await messages.countDocuments({ direction: 'OUTBOUND', status: 'READ' })),
    'statuses not delivered': meta.pending(),
    'marks unprojectedSince or isUncounted': await messages.countDocuments({
      $or: [{ unprojectedSince: { $exists: true } }, { isUncounted: { $exists: true } }],
    }),
    'events without a seq': await events.countDocuments({ seq: null }),
    'events that a viewer lacks': (await events.countDocuments({ seq: { $gt: 0 } })) - told,
    'parked items': await parkedItems.countDocuments(),
    'messages in queues': lengths.reduce((sum, { messageCount }) => sum + messageCount, 0),
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}
