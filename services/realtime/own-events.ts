import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { emitEvent, ownEvents } from './emit.ts'
import type { OwnConversations } from './own-conversations.ts'
import { HELD } from './replay.ts'
import { type LinkoServer, type LinkoSocket, socketsIn } from './socket-types.ts'

/** Follows the event, and emits it to the sockets on this node that see their user's own conversations alone. */
export function emitToOwners(io: LinkoServer, own: OwnConversations, event: SequencedEvent): number {
  for (const { userId, conversationId } of own.apply(event))
    io.local.in(`user:${userId}`).socketsLeave(`conversation:${conversationId}`)
  let count = 0
  for (const socket of ownersOf(io, event.tenantId)) {
    if (socket.rooms.has(HELD)) continue
    if (own.sees(socket.data.access.userId, event)) {
      tellPosition(socket)
      count += emitEvent(socket, event)
    } else socket.data.unseenSeq = event.seq
  }
  return count
}

/** The position of a tenant's order, for sockets that have not got the last events because they are not theirs. */
export function tellPositions(io: LinkoServer, tenantId: string): void {
  for (const socket of ownersOf(io, tenantId)) tellPosition(socket)
}

function tellPosition(socket: LinkoSocket): void {
  const { unseenSeq } = socket.data
  if (unseenSeq === undefined) return
  delete socket.data.unseenSeq
  socket.emit('events:skipped', { seq: unseenSeq })
}

const ownersOf = (io: LinkoServer, tenantId: string): LinkoSocket[] => socketsIn(io, ownEvents(tenantId))
