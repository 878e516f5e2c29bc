import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince, latestSeq, oldestSeq } from '#shared/store/events.ts'
import { emitEvent } from './emit.ts'
import type { LinkoSocket } from './sockets.ts'

const PAGE = 500

/**
 * What the tenant's log holds after `sinceSeq`, in order, then `sync:done`; or `sync:reset` when the log begins later. Live
 * events pause meanwhile: the socket leaves its tenant's room, reads to the end, comes back, and reads once more what was
 * emitted in between. An event of that last moment may come twice, under one seq.
 */
export async function replay(socket: LinkoSocket, store: Store, sinceSeq: number): Promise<void> {
  const { tenantId } = socket.data.access
  const room = `tenant:${tenantId}`
  const [oldest, latest] = await Promise.all([oldestSeq(store, tenantId), latestSeq(store, tenantId)])
  if (sinceSeq > latest || (oldest === null ? latest > sinceSeq : oldest > sinceSeq + 1)) {
    socket.emit('sync:reset', { seq: latest })
    return
  }
  await socket.leave(room)
  let seq = sinceSeq
  try {
    seq = await readOn(socket, store, seq)
  } finally {
    await socket.join(room)
  }
  socket.emit('sync:done', { seq: await readOn(socket, store, seq) })
}

async function readOn(socket: LinkoSocket, store: Store, sinceSeq: number): Promise<number> {
  let seq = sinceSeq
  for (;;) {
    const page: SequencedEvent[] = await eventsSince(store, socket.data.access.tenantId, seq, PAGE)
    for (const event of page) emitEvent(socket, event, { replay: true })
    seq = page[page.length - 1]?.seq ?? seq
    if (page.length < PAGE || socket.disconnected) return seq
  }
}
