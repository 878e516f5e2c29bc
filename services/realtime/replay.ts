import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince } from '#shared/store/events/sequence.ts'
import { drained } from './connection.ts'
import { emitEvent } from './emit.ts'
import type { Feeds } from './feed.ts'
import type { OwnConversations } from './own-conversations.ts'
import type { LinkoSocket } from './socket-types.ts'

/** The room of sockets that get no live events, because a replay is under way. */
export const HELD = 'held'

const PAGE = 500
/** A client that is further behind must load its state again, which costs less than a replay. */
const MAX_REPLAY = 10_000

/**
 * Emits the tenant's events after `sinceSeq` from the log, in order, then `sync:done`; or `sync:reset` when the log does not
 * hold all of them. The socket gets no live events meanwhile: they are part of the replay. It gets live events again in the
 * tick in which the replay reaches this node's position, so that none is lost or repeated.
 * @returns false when a replay for this socket is under way already
 * @throws Outage
 */
export async function replay(socket: LinkoSocket, { store, feeds, own }: ReplayDeps, sinceSeq: number): Promise<boolean> {
  if (socket.rooms.has(HELD)) return false
  // Joining and leaving a room take effect within the tick.
  void socket.join(HELD)
  const { tenantId } = socket.data.access
  const position = () => feeds.position(tenantId) ?? 0
  delete socket.data.unseenSeq
  try {
    // The client may have got later events from another node.
    if (sinceSeq > position()) await feeds.catchUp(tenantId)
    let seq = sinceSeq
    let isWhole = seq <= position() && position() - seq <= MAX_REPLAY
    while (isWhole && seq < position() && !socket.disconnected) {
      const page = await eventsSince(store, tenantId, seq, PAGE)
      const due = page.filter(event => event.seq <= position())
      isWhole = due.length > 0 && isContiguous(due, seq + 1)
      if (!isWhole) break
      const { isOwnOnly, access } = socket.data
      const seen = isOwnOnly ? due.filter(event => own.sees(access.userId, event)) : due
      for (const event of seen) emitEvent(socket, event, { replay: true })
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
  own: OwnConversations
}

const isContiguous = (events: SequencedEvent[], first: number) => events.every((event, i) => event.seq === first + i)
