import type { Server, Socket } from 'socket.io'
import type { VerifiedAccess } from '#shared/auth/access-token.ts'
import type { ClientToServerEvents, SequencedEvent, ServerToClientEvents } from '#shared/contracts/socket-events.ts'

/** Data that the server keeps for a socket. */
export interface SocketData {
  access: VerifiedAccess
  expiry?: NodeJS.Timeout
}
/** Messages between nodes, sent by the Redis adapter. */
interface NodeEvents {
  events: (events: SequencedEvent[]) => void
}
export type LinkoServer = Server<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>
export type LinkoSocket = Socket<ClientToServerEvents, ServerToClientEvents, NodeEvents, SocketData>

/** The sockets of this node. */
export const localSockets = (io: LinkoServer): LinkoSocket[] => [...io.of('/').sockets.values()]
