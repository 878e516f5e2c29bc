import type { Server, Socket } from 'socket.io'
import type { ClientToServerEvents, SequencedEvent, ServerToClientEvents } from '#shared/contracts/socket-events.ts'
import type { SocketAccess } from './authenticate.ts'

/** Data that the server keeps for a socket. */
export interface SocketData {
  access: SocketAccess
  expiry?: NodeJS.Timeout
  /** Whether the socket gets the events of its user's own conversations alone. */
  isOwnOnly?: boolean
  /** Seq of the last event that was kept from the socket since the last one that it got. */
  unseenSeq?: number
}
/** Messages between nodes, sent by the Redis adapter. */
interface NodeEvents {
  events: (events: SequencedEvent[]) => void
}
export type LinkoServer = Server<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>
export type LinkoSocket = Socket<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>

/** The sockets of this node. */
export const localSockets = (io: LinkoServer): LinkoSocket[] => [...io.of('/').sockets.values()]

/** The sockets of this node in a room. */
export function socketsIn(io: LinkoServer, room: string): LinkoSocket[] {
  const { adapter, sockets } = io.of('/')
  return [...(adapter.rooms.get(room) ?? [])].flatMap(id => sockets.get(id) ?? [])
}
