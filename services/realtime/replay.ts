import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince } from '#shared/store/events/sequence.ts'
import { drained } from './connection.ts'
import { emitEvent } from './emit.ts'
import type { Feeds } from './feed.ts'
import type { LinkoSocket } from './socket-types.ts'

/** Sockets in this room get no live events: they are still being told the past. */
export const HELD = 'held'

const PAGE = 500
/** Further behind than this, loading the state anew is the shorter way. */
const LONGEST_REPLAY = 10_000

/**
 * What the tenant's log holds after `sinceSeq`, in order, then `sync:done`, then live again; or `sync:reset` when the log does
 * not hold all of it. Live events are withheld from the socket meanwhile and are part of the answer: the moment in which it
 * has reached this node's position is the moment in which it hears live again, so nothing is missed and nothing comes twice.
 * False when one is under way already. @throws Outage
 */
export async function replay(socket: LinkoSocket, { store, feeds }: ReplayDeps, sinceSeq: number): Promise<boolean> {
  if (socket.rooms.has(HELD)) return false
  // Joining and leaving take effect within the tick.
  void socket.join(HELD)
  const { tenantId } = socket.data.access
  const position = () => feeds.position(tenantId) ?? 0
  try {
    // The client may have heard more elsewhere than this node was told.
    if (sinceSeq > position()) await feeds.catchUp(tenantId)
    let seq = sinceSeq
    let isWhole = seq <= position() && position() - seq <= LONGEST_REPLAY
    while (isWhole && seq < position() && !socket.disconnected) {
      const page = await eventsSince(store, tenantId, seq, PAGE)
      const due = page.filter(event => event.seq <= position())
      isWhole = due.length > 0 && isContiguous(due, seq + 1)
      if (!isWhole) break
      for (const event of due) emitEvent(socket, event, { replay: true })
      seq += due.length
      await drained(socket)
    }
    socket.emit(isWhole ? 'sync:done' : 'sync:reset', { seq: position() })
  } finally {
    void socket.leave(HELD)
  }
  return true
}

interface ReplayDeps {
  store: Store
  feeds: Feeds
}

const isContiguous = (events: SequencedEvent[], first: number) => events.every((event, i) => event.seq === first + i)
