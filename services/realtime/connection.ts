import type { LinkoSocket } from './socket-types.ts'

/** What Socket.io does not tell of the connection beneath a socket. */
const DRAIN_MS = 30_000

interface WebSocketLike {
  bufferedAmount?: number
  terminate?: () => void
}
const webSocketOf = (conn: LinkoSocket['conn']) => (conn.transport as { socket?: WebSocketLike }).socket

/** Packets that the engine holds because the connection takes no more. */
function heldPackets({ conn }: LinkoSocket): { data?: unknown }[] {
  const packets: unknown = Reflect.get(conn, 'writeBuffer')
  return Array.isArray(packets) ? packets : []
}

/** Bytes that the connection has not taken yet, in the WebSocket and before it. */
export function backlogBytes(socket: LinkoSocket): number {
  const held = heldPackets(socket).reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0)
  return held + (webSocketOf(socket.conn)?.bufferedAmount ?? 0)
}

/** The next part of a long answer is sent when the last one has left: a slow reader is not given the whole log at once. */
export async function drained(socket: LinkoSocket): Promise<void> {
  const until = Date.now() + DRAIN_MS
  while (heldPackets(socket).length > 0 && !socket.disconnected && Date.now() < until) {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, 1000)
      socket.conn.once('drain', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** Ends a connection at once: a polite end would wait behind its backlog, and then half a minute for an answer. */
export function terminate(conn: LinkoSocket['conn']): void {
  const webSocket = webSocketOf(conn)
  if (webSocket?.terminate) webSocket.terminate()
  else conn.close(true)
}
